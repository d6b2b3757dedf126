import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

export interface ChildOptions {
  /** For people, e.g. "gateway". */
  name: string;
  /** The module to run: a file URL. */
  module: URL;
  args?: readonly string[] | undefined;
  env: NodeJS.ProcessEnv;
  /** Standard output and errors go there; written anew. */
  logFile: string;
  /** How long it may take to stop. */
  stopWithinMs: number;
}

export interface Child {
  readonly name: string;
  /** 0 when it could not be started. */
  readonly pid: number;
  readonly logFile: string;
  /** Resolves when the process is gone, with how it ended: "with code 1". */
  readonly ended: Promise<string>;
  /** SIGTERM, and SIGKILL when its time is up. Idempotent. */
  stop(): Promise<void>;
  /** The last lines of the log. */
  tail(lines: number): Promise<string[]>;
}

const DIE_WITH_PARENT = new URL('./die-with-parent.js', import.meta.url);

/** Starts a Node process that does not outlive this one. */
export function startChild({ name, module, args = [], env, logFile, stopWithinMs }: ChildOptions): Child {
  const log = openSync(logFile, 'w', 0o600);
  const child = spawn(process.execPath, ['--import', DIE_WITH_PARENT.href, fileURLToPath(module), ...args], {
    env,
    stdio: ['ignore', log, log, 'ipc'],
    // Out of the terminal's group: Ctrl-C comes here alone, and the children are stopped in their order.
    detached: true,
    windowsHide: true,
  });
  closeSync(log);
  const ended = new Promise<string>(resolve => {
    child.once('error', error => resolve(`before it began: ${error.message}`));
    child.once('exit', (code, signal) => resolve(signal === null ? `with code ${code}` : `by ${signal}`));
  });

  return {
    name,
    pid: child.pid ?? 0,
    logFile,
    ended,
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), stopWithinMs);
      await ended;
      clearTimeout(timer);
    },
    async tail(lines) {
      const text = await readFile(logFile, 'utf8');
      return text.trimEnd().split('\n').slice(-lines);
    },
  };
}
