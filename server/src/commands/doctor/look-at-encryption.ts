import { readFile, stat } from 'node:fs/promises';
import { HOW_TO_MAKE_A_KEY, parseMasterKey } from '../../domain/encryption/master-key.js';
import { keyFileOf } from '../../adapters/crypto/key-file.js';
import { createMasterKey } from '../../adapters/crypto/master-key.js';
import { fail, ok, type Finding } from './finding.js';

const NAME = 'encryption key';

export interface EncryptionPlace {
  dataDir: string;
  shared: boolean;
  /** Fingerprints of the keys that open what is stored. It may fail: whether the database can be read is another look. */
  sealedUnder: () => Promise<string[]>;
}

/**
 * The key that sessions are sealed with: whether there is one, has the form of one, and opens what is stored.
 * @param configured CHASQUI_ENCRYPTION_KEY
 */
export async function lookAtEncryption(configured: string | null, { dataDir, shared, sealedUnder }: EncryptionPlace): Promise<Finding[]> {
  const right = await sealedUnder().catch(() => []);
  const path = keyFileOf(dataDir);
  if (configured) return [judge(configured, 'CHASQUI_ENCRYPTION_KEY is', { good: 'set', bad: 'no key' }, right, `It must be 32 bytes in base64 or hex, such as "${HOW_TO_MAKE_A_KEY}" prints.`)];
  if (shared) return [fail(NAME, 'CHASQUI_ENCRYPTION_KEY is missing', `With DATABASE_URL every node needs the same one. Make it with "${HOW_TO_MAKE_A_KEY}", and keep a copy apart from the database.`)];
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => error.code === 'ENOENT' || error.code === 'ENOTDIR' ? null : Promise.reject(error));
  if (text === null) {
    return [right.length > 0
      ? fail(NAME, `${path} is missing, and what is stored is sealed with the key in it`, 'Put the file back from your backup, or set CHASQUI_ENCRYPTION_KEY to that key.')
      : ok(NAME, `${path} is not there yet; the gateway makes it at its first start`)];
  }
  const found = judge(text, path, { good: 'is there; keep a copy of it apart from the rest', bad: 'holds no key' }, right, 'Put the right file back from your backup.');
  return [found.state === 'ok' && (await stat(path)).mode & 0o077 ? fail(NAME, `others can read ${path}`, `chmod 600 ${path}`) : found];
}

/** @param right fingerprints; none where nothing is sealed, or nobody knows */
function judge(text: string, where: string, { good, bad }: { good: string; bad: string }, right: readonly string[], howToMend: string): Finding {
  const key = parseMasterKey(text);
  if (key === null) return fail(NAME, `${where} ${bad}`, howToMend);
  const { id } = createMasterKey(key);
  if (right.length === 0 || right.includes(id)) return ok(NAME, `${where} ${good}`);
  return fail(NAME, `this is not the key that what is stored is sealed with: its fingerprint is ${id}, and should be ${right.join(' or ')}`, 'Use the key from before; a backup of your settings, or of the data directory, has it.');
}
