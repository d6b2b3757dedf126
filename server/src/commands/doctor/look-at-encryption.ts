import { readFile, stat } from 'node:fs/promises';
import { HOW_TO_MAKE_A_KEY, parseMasterKey } from '../../domain/encryption/master-key.js';
import { keyFileOf } from '../../adapters/crypto/key-file.js';
import { fail, ok, type Finding } from './finding.js';

/**
 * The key that sessions are sealed with: whether there is one, and it has the form of one. Whether it is the right one the gateway says at its start.
 * @param configured CHASQUI_ENCRYPTION_KEY
 */
export async function lookAtEncryption(configured: string | null, { dataDir, shared }: { dataDir: string; shared: boolean }): Promise<Finding[]> {
  const name = 'encryption key';
  if (configured) {
    return [parseMasterKey(configured) !== null ? ok(name, 'CHASQUI_ENCRYPTION_KEY is set') : fail(name, 'CHASQUI_ENCRYPTION_KEY is no key', `It must be 32 bytes in base64 or hex, such as "${HOW_TO_MAKE_A_KEY}" prints.`)];
  }
  if (shared) return [fail(name, 'CHASQUI_ENCRYPTION_KEY is missing', `With DATABASE_URL every node needs the same one. Make it with "${HOW_TO_MAKE_A_KEY}", and keep a copy apart from the database.`)];
  const path = keyFileOf(dataDir);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => error.code === 'ENOENT' || error.code === 'ENOTDIR' ? null : Promise.reject(error));
  if (text === null) return [ok(name, `${path} is not there yet; the gateway makes it where nothing is sealed so far`)];
  if (parseMasterKey(text) === null) return [fail(name, `${path} holds no key`, 'Put the right file back from your backup.')];
  return [(await stat(path)).mode & 0o077 ? fail(name, `others can read ${path}`, `chmod 600 ${path}`) : ok(name, `${path} is there; keep a copy of it apart from the rest`)];
}
