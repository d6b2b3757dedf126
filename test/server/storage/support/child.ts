import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';

/** Where the built adapters are, for scripts that run in a process of their own. */
export const adapter = (name: string): string => pathToFileURL(resolve('server/dist/src/adapters', name)).href;

export interface Child {
  process: ChildProcessWithoutNullStreams;
  /** Every whole line the child wrote so far. */
  lines: string[];
  /** Ends it as a crash would. */
  kill(): Promise<void>;
}

/** Runs a module text in a Node of its own. Errors of the child are shown. */
export function spawnModule(source: string, args: string[]): Child {
  const child = spawn(process.execPath, ['--input-type=module', '-e', source, ...args]);
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', line => lines.push(line));
  child.stderr.pipe(process.stderr);
  return {
    process: child,
    lines,
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
    },
  };
}
