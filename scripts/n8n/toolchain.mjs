import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { canInstallPackages, installPackages } from './debian.mjs';

/** @param {string} name @returns {string | undefined} the full path of a command on PATH */
export function findOnPath(name) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const candidate = join(folder, name);
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      continue;
    }
  }
  return undefined;
}

/** A command that is needed, others that do as well, and Debian's package for it. */
const TOOLS = [
  { names: ['python3'], debian: 'python3' },
  { names: ['make'], debian: 'make' },
  { names: ['g++', 'clang++', 'c++'], debian: 'g++' },
];

const missingTools = () => TOOLS.filter(({ names }) => !names.some(findOnPath));

/**
 * n8n's SQLite driver and its expression sandbox are compiled on the machine: sees to what that takes, and installs it where it can.
 * @param {(line: string) => void} say progress
 * @returns {Promise<void>}
 * @throws {Error} that says how to get what is missing
 */
export async function ensureToolchain(say) {
  const missing = missingTools();
  if (missing.length === 0) return;
  if (canInstallPackages()) await installPackages(missing.map(({ debian }) => debian), say);
  const still = missingTools();
  if (still.length === 0) return;
  const how = process.platform === 'darwin' ? 'xcode-select --install' : 'apt-get install -y python3 make g++ (or the like of your system)';
  throw new Error(`n8n needs ${still.map(({ names }) => names[0]).join(', ')} to compile its native parts: ${how}`);
}
