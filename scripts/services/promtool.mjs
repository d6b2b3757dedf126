/** Finds Prometheus' promtool, which checks the alert rules, or fetches Debian's without installing its server: `node scripts/services/promtool.mjs`. */
import { accessSync, constants, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../n8n/command.mjs';
import { canInstallPackages } from '../n8n/debian.mjs';
import { findOnPath } from '../n8n/toolchain.mjs';

const HOW = 'Install Prometheus (Debian: apt-get install -y prometheus, macOS: brew install prometheus), or set PROMTOOL_PATH to its promtool.';
/** Outside of the checkout, so that a clean one need not fetch it again. */
const CACHED = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'chasqui', 'promtool');

/** @returns {string | undefined} the promtool of PROMTOOL_PATH, else of PATH, else the one that was fetched */
export function findPromtool() {
  const wanted = process.env.PROMTOOL_PATH;
  if (wanted && !canRun(wanted)) throw new Error(`PROMTOOL_PATH=${wanted} cannot be executed. ${HOW}`);
  return wanted || findOnPath('promtool') || (canRun(CACHED) ? CACHED : undefined);
}

/**
 * @param {(line: string) => void} [say] progress
 * @returns {Promise<string>} the program
 * @throws {Error} that says how to get one
 */
export async function ensurePromtool(say = console.log) {
  const found = findPromtool();
  if (found) return found;
  if (!canInstallPackages()) throw new Error(`The alert rules are checked by promtool. ${HOW}`);
  try {
    await fetchFromDebian(say);
  } catch (error) {
    throw new Error(`promtool could not be fetched. ${HOW}\n${error.message}`, { cause: error });
  }
  return CACHED;
}

/** The package holds a server that would be started; only one file is taken out of it. */
async function fetchFromDebian(say) {
  mkdirSync(dirname(CACHED), { recursive: true });
  const folder = mkdtempSync(join(dirname(CACHED), 'fetch-'));
  const options = { cwd: folder, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, logFile: join(folder, 'log') };
  try {
    say('No promtool here: fetching Debian\'s package prometheus, about 30 MB.');
    await run('apt-get', ['update'], options);
    // As root apt would hand over to a user that may not write here.
    await run('apt-get', ['-o', 'APT::Sandbox::User=root', 'download', 'prometheus'], options);
    const archive = readdirSync(folder).find(name => name.endsWith('.deb'));
    if (!archive) throw new Error('apt-get ended well, but left no package.');
    await run('dpkg-deb', ['-x', archive, 'unpacked'], options);
    renameSync(join(folder, 'unpacked', 'usr', 'bin', 'promtool'), CACHED);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function canRun(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await ensurePromtool());
