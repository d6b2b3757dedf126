/** Finds a redis-server for the tests with services, or installs Debian's: `node scripts/services/redis-server.mjs`. */
import { accessSync, constants } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { canInstallPackages, installPackages } from '../n8n/debian.mjs';
import { findOnPath } from '../n8n/toolchain.mjs';

const HOW = 'Install Redis 6.2 or newer (Debian: apt-get install -y redis-server, macOS: brew install redis), or set REDIS_SERVER_PATH to its redis-server.';

/** @returns {string | undefined} the redis-server of REDIS_SERVER_PATH, else of PATH */
export function findRedisServer() {
  const wanted = process.env.REDIS_SERVER_PATH;
  if (!wanted) return findOnPath('redis-server');
  try {
    accessSync(wanted, constants.X_OK);
    return wanted;
  } catch (error) {
    throw new Error(`REDIS_SERVER_PATH=${wanted} cannot be executed. ${HOW}`, { cause: error });
  }
}

/**
 * @param {(line: string) => void} [say] progress
 * @returns {Promise<string>} the program
 * @throws {Error} that says how to get one
 */
export async function ensureRedisServer(say = console.log) {
  const found = findRedisServer();
  if (found) return found;
  if (!canInstallPackages()) throw new Error(`These tests need a redis-server. ${HOW}`);
  try {
    await installPackages(['redis-server'], say);
  } catch (error) {
    throw new Error(`redis-server could not be installed. ${HOW}\n${error.message}`, { cause: error });
  }
  const installed = findRedisServer();
  if (!installed) throw new Error(`redis-server was installed, but is not on the PATH. ${HOW}`);
  return installed;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await ensureRedisServer());
