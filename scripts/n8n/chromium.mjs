/** Finds a Chromium for the tests of the editor, or installs Debian's: `node scripts/n8n/chromium.mjs`. */
import { accessSync, constants, existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { canInstallPackages, installPackages } from './debian.mjs';
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
  if (!canInstallPackages()) throw new Error(`The tests of n8n's editor need a browser. ${HOW}`);
  say('No Chromium here: about 60 s.');
  try {
    await installPackages(['chromium'], say);
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
