const NOISE = [
  'Closing session:', 'Opening session:', 'Removing old closed session:', 'Migrating session to:', 'Session already closed',
  'Session already open', 'Failed to decrypt message with any known session', 'Session error:', 'Decrypted message with closed session',
  'Closing open session in favor of incoming prekey bundle', 'Closing stale open session',
];

/**
 * Keeps libsignal from printing whole sessions, private keys included, on the console of this process. Everything else
 * on the console passes. Answers a function that undoes it.
 */
export function silenceLibsignal(target: Console = console): () => void {
  const original = { info: target.info, warn: target.warn, error: target.error };
  for (const level of ['info', 'warn', 'error'] as const) {
    target[level] = (...args: unknown[]) => {
      const first = args[0];
      if (typeof first === 'string' && NOISE.some((start) => first.startsWith(start))) return;
      original[level].apply(target, args);
    };
  }
  return () => {
    Object.assign(target, original);
  };
}
