import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process that was started with all its future children in a group of their own. */
export interface ProcessGroup {
  readonly pid: number;
  /** undefined while it runs, then how it ended, e.g. `code 1` or `SIGTERM` */
  ended(): string | undefined;
  /** Asks the group to end, and forces it after `graceMs`. May be called twice. */
  stop(graceMs?: number): Promise<void>;
}

/**
 * Starts a command as the leader of a new process group; stdout and stderr are appended to `logFile`.
 * The group also ends when this process exits without having called `stop`.
 */
export async function startProcessGroup(
  command: string,
  args: readonly string[],
  options: { cwd: string; env: Record<string, string>; logFile: string },
): Promise<ProcessGroup> {
  const log = openSync(options.logFile, 'a');
  const child = spawn(command, args, { cwd: options.cwd, env: options.env, stdio: ['ignore', log, log], detached: true });
  closeSync(log);
  const pid = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => resolve(child.pid ?? 0));
  });
  const killAtExit = (): void => signalGroup(pid, 'SIGKILL');
  process.once('exit', killAtExit);

  return {
    pid,
    ended: () => endOf(child),
    async stop(graceMs = 20_000) {
      signalGroup(pid, 'SIGTERM');
      const deadline = Date.now() + graceMs;
      while (groupLives(pid) && Date.now() < deadline) await sleep(50);
      signalGroup(pid, 'SIGKILL');
      while (endOf(child) === undefined) await sleep(20);
      process.off('exit', killAtExit);
    },
  };
}

function endOf(child: ChildProcess): string | undefined {
  if (child.signalCode !== null) return child.signalCode;
  return child.exitCode === null ? undefined : `code ${child.exitCode}`;
}

function groupLives(pid: number): boolean {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
