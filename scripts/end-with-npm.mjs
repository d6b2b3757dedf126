import { spawnSync } from 'node:child_process';

const CHECK_MS = 500;

/**
 * Ends this process, as by SIGTERM, when the npm that runs it is gone. npm passes SIGTERM to a shell between the two, which dies of it alone, and
 * SIGKILL to nobody: the program would run on, unseen, and keep port and data directory. Does nothing where npm did not start it, nor on Windows.
 */
export function endWithNpm() {
  if (process.env['npm_lifecycle_event'] === undefined || process.platform === 'win32') return;
  const parent = process.ppid;
  const shell = describe(parent);
  // Some shells replace themselves by the program: then the parent is npm, and what stands above it is none of our business.
  const npm = shell && !isNpm(shell.command) ? describe(shell.parent) : null;
  const watched = npm && isNpm(npm.command) ? npm.pid : null;
  setInterval(() => {
    if (process.ppid === parent && (watched === null || isAlive(watched))) return;
    process.kill(process.pid, 'SIGTERM');
  }, CHECK_MS).unref();
}

/** @returns {{ pid: number, parent: number, command: string } | null} null where there is no such process, or no `ps` */
function describe(pid) {
  const { status, stdout } = spawnSync('ps', ['-o', 'ppid=,args=', '-p', String(pid)], { encoding: 'utf8' });
  const found = status === 0 ? /^\s*(\d+)\s+(.*)$/m.exec(stdout) : null;
  return found ? { pid, parent: Number(found[1]), command: found[2] } : null;
}

function isNpm(command) {
  return /(^|[\s/])npm(-cli\.js)?(\s|$)/.test(command.split(' -c ')[0]);
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
