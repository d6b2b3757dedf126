import { constants } from 'node:fs';
import { access, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { checkDatabase, masterKeysOf } from '../../adapters/sqlite/check-database.js';
import { DATABASE_FILE } from '../../adapters/sqlite/open-embedded-store.js';
import { fail, ok, warn, type Finding } from './finding.js';

const PRIVATE_FILES = [DATABASE_FILE, 'encryption.key', 'operator.json'];

/** The data directory: who may read it, who holds it, and whether its database is sound. Changes nothing, and does not disturb a gateway that runs on it. */
export async function lookAtDataDir(dataDir: string): Promise<Finding[]> {
  const mode = await modeOf(dataDir);
  if (mode === null) return [await looksMakeable(dataDir)];
  return [await permissions(dataDir, mode), await lock(dataDir), await database(dataDir)];
}

/** Fingerprints of the keys that open what is stored there. @throws SQLite's error */
export function sealedUnderIn(dataDir: string): string[] {
  return masterKeysOf(join(dataDir, DATABASE_FILE));
}

async function modeOf(path: string): Promise<number | null> {
  const found = await stat(path).catch(() => null);
  return found && found.mode & 0o777;
}

async function looksMakeable(dataDir: string): Promise<Finding> {
  let parent = dirname(dataDir);
  while (await modeOf(parent) === null && dirname(parent) !== parent) parent = dirname(parent);
  const isWritable = await access(parent, constants.W_OK).then(() => true, () => false);
  return isWritable
    ? ok('data directory', `${dataDir} is not there yet; the first start makes it`)
    : fail('data directory', `${dataDir} is not there, and ${parent} cannot be written to`, 'Set DATA_DIR to a place that this user can write to.');
}

async function permissions(dataDir: string, mode: number): Promise<Finding> {
  if (!await access(dataDir, constants.R_OK | constants.W_OK).then(() => true, () => false)) {
    return fail('data directory', `${dataDir} cannot be read and written by this user`, 'Run the gateway, and this, as the user that owns it.');
  }
  const open: string[] = [];
  for (const file of PRIVATE_FILES) if (((await modeOf(join(dataDir, file))) ?? 0) & 0o077) open.push(file);
  if (open.length > 0) return fail('data directory', `others can read ${open.join(', ')} in ${dataDir}`, `chmod 600 ${open.map(file => join(dataDir, file)).join(' ')}`);
  return mode & 0o077 ? warn('data directory', `others can look into ${dataDir} (mode ${mode.toString(8)})`, `chmod 700 ${dataDir}`) : ok('data directory', dataDir);
}

/** The pid alone: trying the lock itself could get in the way of a gateway that is just starting. */
async function lock(dataDir: string): Promise<Finding> {
  const pid = Number((await readFile(join(dataDir, 'gateway.pid'), 'utf8').catch(() => '')).trim());
  if (!pid) return ok('lock', 'no gateway uses the data directory');
  return isAlive(pid) ? ok('lock', `the gateway with pid ${pid} uses the data directory`) : ok('lock', `a gateway with pid ${pid} ended without notice; the next start is not hindered`);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function database(dataDir: string): Promise<Finding> {
  const path = join(dataDir, DATABASE_FILE);
  if (await modeOf(path) === null) return ok('database', `${path} is not there yet; the first start makes it`);
  const todo = 'Stop the gateway, keep a copy of the whole data directory, and restore the last good one.';
  try {
    const said = checkDatabase(path);
    return said === 'ok' ? ok('database', `${path} is sound`) : fail('database', `${path} is damaged: ${said}`, todo);
  } catch (error) {
    return fail('database', `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, todo);
  }
}
