/** Finds PostgreSQL's programs for the tests with services, or installs Debian's: `node scripts/services/postgres-server.mjs`. */
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { canInstallPackages, installPackages } from '../n8n/debian.mjs';
import { findOnPath } from '../n8n/toolchain.mjs';

const HOW = 'Install PostgreSQL 13 or newer (Debian: apt-get install -y postgresql, macOS: brew install postgresql), or set POSTGRES_BIN_PATH to the folder of its initdb and postgres.';
const PROGRAMS = ['initdb', 'postgres'];
/** Where Debian puts the servers, a folder for each version: they are not on PATH. */
const DEBIAN = '/usr/lib/postgresql';

/** @returns {string | undefined} the folder with initdb and postgres: POSTGRES_BIN_PATH, else of PATH, else Debian's newest */
export function findPostgres() {
  const wanted = process.env.POSTGRES_BIN_PATH;
  if (wanted && !hasPrograms(wanted)) throw new Error(`POSTGRES_BIN_PATH=${wanted} has no ${PROGRAMS.join(' and ')} that can be executed. ${HOW}`);
  if (wanted) return wanted;
  const found = findOnPath('initdb');
  return [...(found ? [dirname(found)] : []), ...debianFolders()].find(hasPrograms);
}

/**
 * @param {(line: string) => void} [say] progress
 * @returns {Promise<string>} the folder
 * @throws {Error} that says how to get one
 */
export async function ensurePostgres(say = console.log) {
  const found = findPostgres();
  if (found) return found;
  if (!canInstallPackages()) throw new Error(`These tests need PostgreSQL. ${HOW}`);
  try {
    await installPackages(['postgresql'], say);
  } catch (error) {
    throw new Error(`PostgreSQL could not be installed. ${HOW}\n${error.message}`, { cause: error });
  }
  const installed = findPostgres();
  if (!installed) throw new Error(`PostgreSQL was installed, but its programs are not in ${DEBIAN}. ${HOW}`);
  return installed;
}

function debianFolders() {
  if (!existsSync(DEBIAN)) return [];
  return readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)).map(version => join(DEBIAN, version, 'bin'));
}

function hasPrograms(folder) {
  try {
    for (const name of PROGRAMS) accessSync(join(folder, name), constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await ensurePostgres());
