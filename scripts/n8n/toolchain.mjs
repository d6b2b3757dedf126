import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

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

/**
 * n8n's SQLite driver and its expression sandbox are compiled on the machine: checks for what that takes.
 * @throws {Error} one line that says how to get what is missing
 */
export function requireToolchain() {
  const missing = [['python3'], ['make'], ['g++', 'clang++', 'c++']].filter((names) => !names.some(findOnPath));
  if (missing.length === 0) return;
  const how = process.platform === 'darwin' ? 'xcode-select --install' : 'apt-get install -y python3 make g++ (or the like of your system)';
  throw new Error(`n8n needs ${missing.map((names) => names[0]).join(', ')} to compile its native parts: ${how}`);
}
