/** Redis is away, or comes and goes: ioredis tries again by itself. */
const AWAY = /^(Connection is closed\.|Command timed out|Command aborted due to connection close|Stream isn't writeable)|^(LOADING|BUSY|TRYAGAIN|MASTERDOWN)\b/;

/** What a user can do about it, by the beginning of the message or the code. */
const HINTS: [pattern: RegExp, hint: string][] = [
  [/^(WRONGPASS|NOAUTH|ERR AUTH|ERR invalid password)/, 'Redis refuses the user name or password: check REDIS_URL.'],
  [/^NOPERM/, 'The Redis user of REDIS_URL may not do that: it needs all commands on the keys and channels of REDIS_PREFIX.'],
  [/^(ENOTFOUND|EAI_AGAIN)/, 'The host of REDIS_URL is not known: check it.'],
  [/^ECONNREFUSED/, 'Is Redis running, and does REDIS_URL point to it?'],
  [/^(MISCONF|READONLY|OOM)/, 'Redis takes no writes: see its own log.'],
  [/^ERR DB index/, 'REDIS_URL names a database that this Redis does not have.'],
  [/^(ERR_SSL|EPROTO|CERT|DEPTH|SELF_SIGNED|UNABLE_TO)/, 'TLS failed: rediss:// is for a Redis with TLS whose certificate Node trusts, redis:// for one without.'],
];

/** Whether the error only says that Redis cannot be reached now. */
export function saysAway(error: Error): boolean {
  return AWAY.test(error.message) || error.name === 'MaxRetriesPerRequestError' || 'syscall' in error || 'code' in error;
}

/** What tells one trouble from another: the code of the network's, the first word of Redis' own. */
export function kindOf(error: Error): string {
  return codeOf(error) ?? error.message.split(' ', 1)[0] ?? '';
}

/** What can be done about it, if that is known. */
export function hintFor(error: Error): string | undefined {
  const code = codeOf(error);
  return HINTS.find(([pattern]) => pattern.test(error.message) || (code !== undefined && pattern.test(code)))?.[1];
}

/** The error without the command that it was the answer to: the arguments of AUTH are the password. */
export function forLog(error: Error): Error {
  const safe = new Error(error.message || codeOf(error));
  safe.name = error.name;
  safe.stack = error.stack;
  return safe;
}

function codeOf(error: Error): string | undefined {
  // The attempts on each address of a name come as one error, whose code says enough.
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
