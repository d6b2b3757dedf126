/** Finds a Chromium for the tests of the editor, or installs Debian's: `node scripts/n8n/chromium.mjs`. */
import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tmpdir } from 'node:os';
import { run } from './command.mjs';
import { findOnPath } from './toolchain.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const MAC = ['/Applications/Google Chrome.app/Contents/MacOS/Google Chrome', '/Applications/Chromium.app/Contents/MacOS/Chromium'];
const HOW = 'Install chromium or Google Chrome (Debian: apt-get install -y --no-install-recommends chromium), or set CHROMIUM_PATH to one.';

/** @returns {string | undefined} the browser of CHROMIUM_PATH, else of PATH, else of macOS's applications folder */
export function findChromium() {
  const wanted = process.env.CHROMIUM_PATH;
  if (wanted) {
    try {
      accessSync(wanted, constants.X_OK);
      return wanted;
    } catch (error) {
      throw new Error(`CHROMIUM_PATH=${wanted} cannot be executed. ${HOW}`, { cause: error });
    }
  }
  return NAMES.map(findOnPath).find(Boolean) ?? MAC.find((file) => existsSync(file));
}

/**
 * @param {(line: string) => void} [say] progress
 * @returns {Promise<string>} the browser's executable
 * @throws {Error} that says how to get one
 */
export async function ensureChromium(say = console.log) {
  const found = findChromium();
  if (found) return found;
  const debian = process.platform === 'linux' && existsSync('/etc/debian_version');
  if (!debian || process.getuid?.() !== 0) throw new Error(`The tests of n8n's editor need a browser. ${HOW}`);
  say('No Chromium here: installing Debian\'s package (apt-get install chromium), about 60 s.');
  const options = {
    cwd: '/',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    logFile: join(tmpdir(), `chasqui-chromium-${process.pid}.log`),
  };
  try {
    await run('apt-get', ['update'], options);
    await run('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'], options);
  } catch (error) {
    throw new Error(`Chromium could not be installed. ${HOW}\n${error.message}`, { cause: error });
  }
  const installed = findChromium();
  if (!installed) throw new Error(`apt-get ended well, but no chromium is on PATH. ${HOW}`);
  return installed;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    console.log(await ensureChromium());
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
