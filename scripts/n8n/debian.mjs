import { existsSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './command.mjs';

/** @returns {boolean} whether packages of the system can be installed without asking anybody: Debian or the like of it, as root */
export function canInstallPackages() {
  return process.platform === 'linux' && existsSync('/etc/debian_version') && process.getuid?.() === 0;
}

/**
 * Installs packages of Debian, without what they only recommend.
 * @param {string[]} names
 * @param {(line: string) => void} say progress
 * @returns {Promise<void>}
 * @throws {Error} with the end of apt's output; the whole of it stays in the file that is named
 */
export async function installPackages(names, say) {
  const logFile = join(tmpdir(), `chasqui-apt-${process.pid}.log`);
  const options = { cwd: '/', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, logFile };
  say(`Installing packages of the system: apt-get install ${names.join(' ')}`);
  await run('apt-get', ['update'], options);
  await run('apt-get', ['install', '-y', '--no-install-recommends', ...names], options);
  rmSync(logFile, { force: true });
}
