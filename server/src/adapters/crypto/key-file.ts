import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseMasterKey } from '../../domain/encryption/master-key.js';
import { writeFileDurably } from '../system/write-file-durably.js';
import { EncryptionKeyError } from './encryption-key-error.js';

const FILE = 'encryption.key';

export function keyFileOf(dataDir: string): string {
  return join(dataDir, FILE);
}

/**
 * The master key that a data directory keeps; null when there is none.
 * @throws EncryptionKeyError `ENCRYPTION_KEY_UNREADABLE`
 */
export async function readKeyFile(dataDir: string): Promise<Uint8Array | null> {
  const path = keyFileOf(dataDir);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return null;
  const key = parseMasterKey(text);
  if (key === null) throw new EncryptionKeyError('ENCRYPTION_KEY_UNREADABLE', `${path} holds no key (32 bytes in base64 or hex). Put the right file back from your backup; nothing was changed.`);
  await chmod(path, 0o600);
  return key;
}

/** On disk when it resolves, the old key or the new one whatever happens. Readable by its owner only. */
export async function writeKeyFile(dataDir: string, key: Uint8Array): Promise<void> {
  await writeFileDurably(keyFileOf(dataDir), `${Buffer.from(key).toString('base64')}\n`);
}
