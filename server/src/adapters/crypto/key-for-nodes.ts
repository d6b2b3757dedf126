import { EncryptionKeyError } from './encryption-key-error.js';
import { keyFileOf, readKeyFile } from './key-file.js';
import { createMasterKey } from './master-key.js';

/**
 * Which master key opens what a data directory holds, when it moves to nodes that have no key file: a sentence for a person, without the key.
 * @param kept fingerprints of the master keys that its data keys are wrapped by
 * @param given what the nodes are said to have; null: that is not known
 * @throws EncryptionKeyError when the nodes could not open it, or nobody could
 */
export async function keyForNodes(dataDir: string, kept: readonly string[], given: Uint8Array | null): Promise<string> {
  const path = keyFileOf(dataDir);
  const fits = (key: Uint8Array | null): boolean => key !== null && kept.includes(createMasterKey(key).id);
  if (kept.length === 0) return 'Nothing in it is sealed yet: make a key for the nodes with "openssl rand -base64 32", as CHASQUI_ENCRYPTION_KEY, the same for all.';
  if (fits(given)) return 'Give every node the CHASQUI_ENCRYPTION_KEY that this command was given: it is the right one.';
  const inFile = await readKeyFile(dataDir);
  if (!fits(inFile)) throw new EncryptionKeyError('ENCRYPTION_KEY_MISSING', `What ${dataDir} holds is sealed, and ${inFile === null ? `${path} is missing` : `the key in ${path} is another one`}. Put the right file there from your backup, or set CHASQUI_ENCRYPTION_KEY to its key. Nothing was moved.`);
  if (given !== null) throw new EncryptionKeyError('ENCRYPTION_KEY_WRONG', `CHASQUI_ENCRYPTION_KEY is not the key that ${dataDir} is sealed with: nodes that have it would refuse to start. Set it to what ${path} holds, here and for every node, and run this again. Nothing was moved.`);
  return `Every node needs the key that all this is sealed with: set CHASQUI_ENCRYPTION_KEY to what ${path} holds, the same for all. Keep that file as well as a password: without it the accounts have to be linked anew.`;
}
