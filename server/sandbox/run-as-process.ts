import type { SandboxOptions } from './sandbox.js';
import { SandboxError } from './sandbox-error.js';

/**
 * Runs one of the demonstrations as this process: signals, colours, and how the process ends.
 * @param name for what it complains about
 */
export async function runAsProcess<T>(name: string, env: NodeJS.ProcessEnv, readSettings: (env: NodeJS.ProcessEnv) => T, run: (options: Omit<SandboxOptions, 'settings'> & { settings: T }) => Promise<void>): Promise<never> {
  const print = (line: string) => void process.stdout.write(`${line}\n`);
  const stop = new AbortController();
  // Ctrl-C may come twice, from the terminal and from npm: there is no second meaning to it, since stopping has a limit of its own.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (!stop.signal.aborted) print('\nStopping …');
      stop.abort();
    });
  }

  try {
    await run({ settings: readSettings(env), env, print, colour: process.stdout.isTTY && !env['NO_COLOR'], signal: stop.signal });
    process.exit(0);
  } catch (error) {
    // What the file system says is a sentence, too.
    const sentence = error instanceof SandboxError || (error instanceof Error && 'code' in error) ? error.message : String(error instanceof Error ? error.stack : error);
    process.stderr.write(`\n${name}: ${sentence}\n`);
    process.exit(1);
  }
}
