import { HOW_TO_MAKE_A_KEY, parseMasterKey } from '../../domain/encryption/master-key.js';
import { EncryptionKeyError } from './encryption-key-error.js';
import { keyFileOf, readKeyFile, writeKeyFile } from './key-file.js';
import { createMasterKey, newKeyBytes } from './master-key.js';

/** Where the master key of this process comes from. */
export interface MasterKeySource {
  readonly kind: 'environment' | 'file';
  readonly key: Uint8Array;
  /** Puts a new key in its place, where that is the gateway's to do; false where it is the operator's. */
  replace(key: Uint8Array): Promise<boolean>;
  /** @param kept fingerprints of the master keys that would be right */
  explainWrongKey(kept: readonly string[]): Promise<string>;
}

/**
 * The key in the text of CHASQUI_ENCRYPTION_KEY; null where it is not set.
 * @throws EncryptionKeyError `ENCRYPTION_KEY_UNREADABLE`, without the text
 */
export function readEnvironmentKey(text: string | null): Uint8Array | null {
  const key = text === null ? null : parseMasterKey(text);
  if (text !== null && key === null) throw new EncryptionKeyError('ENCRYPTION_KEY_UNREADABLE', `CHASQUI_ENCRYPTION_KEY must be 32 bytes in base64 or hex, such as "${HOW_TO_MAKE_A_KEY}" prints.`);
  return key;
}

/** CHASQUI_ENCRYPTION_KEY. */
export function environmentKey(key: Uint8Array, dataDir: string | null = null): MasterKeySource {
  return {
    kind: 'environment',
    key,
    replace: () => Promise.resolve(false),
    async explainWrongKey(kept) {
      const inFile = dataDir === null ? null : await readKeyFile(dataDir).catch(() => null);
      const hint = inFile !== null && kept.includes(createMasterKey(inFile).id)
        ? `The key in ${keyFileOf(dataDir ?? '')} is the right one: unset the variable.`
        : 'Set it to the key that was used before; a backup of your settings has it.';
      return `CHASQUI_ENCRYPTION_KEY is not the key that this installation is sealed with (its fingerprint is ${createMasterKey(key).id}, and should be ${kept.join(' or ')}). ${hint} Nothing was changed.`;
    },
  };
}

/**
 * The key file of a data directory, made where there is none and nothing is sealed yet. The caller holds the directory's lock.
 * @param hasDataKeys whether something was sealed under a master key already
 * @throws EncryptionKeyError `ENCRYPTION_KEY_MISSING`, `ENCRYPTION_KEY_UNREADABLE`
 */
export async function fileKey(dataDir: string, hasDataKeys: () => Promise<boolean>): Promise<MasterKeySource> {
  const path = keyFileOf(dataDir);
  let key = await readKeyFile(dataDir);
  if (key === null) {
    if (await hasDataKeys()) {
      throw new EncryptionKeyError('ENCRYPTION_KEY_MISSING', `${path} is missing, and what is in ${dataDir} is sealed with the key in it. Put the file back from your backup, or set CHASQUI_ENCRYPTION_KEY to that key. Without it the accounts have to be linked anew, in another DATA_DIR. Nothing was changed.`);
    }
    key = newKeyBytes();
    // On disk before anything is sealed with it.
    await writeKeyFile(dataDir, key);
  }
  const own = key;
  return {
    kind: 'file',
    key: own,
    async replace(next) {
      await writeKeyFile(dataDir, next);
      return true;
    },
    explainWrongKey: kept => Promise.resolve(`${path} is not the key that ${dataDir} is sealed with (its fingerprint is ${createMasterKey(own).id}, and should be ${kept.join(' or ')}). Put the right file back from your backup, or set CHASQUI_ENCRYPTION_KEY to its key. Nothing was changed.`),
  };
}

/** What to say where there is no key and the gateway cannot make one. */
export const KEY_NEEDED = `CHASQUI_ENCRYPTION_KEY is missing: with DATABASE_URL the gateway cannot keep a key of its own. Make one with "${HOW_TO_MAKE_A_KEY}", give the same to every node, and keep a copy of it apart from the database: without it the accounts have to be linked anew. An installation that was moved from a data directory takes the key in its file encryption.key.`;
