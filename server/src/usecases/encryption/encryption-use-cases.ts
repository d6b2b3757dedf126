import { DomainError } from '../../domain/errors.js';
import { HOW_TO_MAKE_A_KEY, parseMasterKey } from '../../domain/encryption/master-key.js';
import type { Leases } from '../../ports/leases.js';
import type { EncryptionStatus, Rotation, Vault } from '../../ports/vault.js';

/** What was done, and what is left to do. */
export interface RotationResult extends Rotation {
  /** Sentences for the operator, in order. */
  next: string[];
}

export interface EncryptionUseCases {
  encryptionStatus(): Promise<EncryptionStatus>;
  /** @throws `validation_failed`, `rotation_pending` */
  rotateKeys(input: { newMasterKey?: string | undefined }): Promise<RotationResult>;
  /** Ends a change of the master key. @throws `rotation_pending` while a node uses another one */
  finishRotation(): Promise<{ removedMasterKeys: string[] }>;
}

export interface EncryptionParts {
  vault: Pick<Vault, 'status' | 'rotate' | 'finish' | 'masterKey'>;
  /** null in a gateway that shares its store with nobody. */
  leases: Pick<Leases, 'nodes'> | null;
}

export function createEncryptionUseCases({ vault, leases }: EncryptionParts): EncryptionUseCases {
  return {
    encryptionStatus: () => vault.status(),
    async rotateKeys({ newMasterKey }) {
      const key = newMasterKey === undefined ? null : parseMasterKey(newMasterKey);
      if (newMasterKey !== undefined && key === null) {
        throw new DomainError('validation_failed', 'The new master key must be 32 bytes in base64 or hex.', { field: 'newMasterKey', hint: `Make one: ${HOW_TO_MAKE_A_KEY}` });
      }
      const rotation = await vault.rotate(key);
      return { ...rotation, next: whatIsLeft(rotation, leases !== null) };
    },
    async finishRotation() {
      const nodes = leases ? await leases.nodes() : [];
      const behind = nodes.filter(({ report }) => report.masterKey !== vault.masterKey);
      if (behind.length > 0) {
        throw new DomainError('rotation_pending', `${behind.length} of ${nodes.length} nodes run under another master key than ${vault.masterKey}.`, { hint: 'Start them with the new one first. A node that has just ended is counted for some seconds.' });
      }
      return { removedMasterKeys: await vault.finish() };
    },
  };
}

function whatIsLeft({ newMasterKey, keyFileReplaced }: Rotation, shared: boolean): string[] {
  if (newMasterKey === null) return [];
  if (keyFileReplaced) return ['Back up the new encryption.key of the data directory, apart from the data. The old key opens nothing any more that is kept here; backups from before need it.'];
  const backup = 'Keep a copy of the new key apart from the data, and of the old one for as long as there are backups from before.';
  if (!shared) return ['Set CHASQUI_ENCRYPTION_KEY to the new key and restart the gateway when it suits: both keys open everything until then.', backup];
  return [
    'Set CHASQUI_ENCRYPTION_KEY to the new key on every node and restart them one by one: both keys open everything meanwhile.',
    'When all run under the new key, call POST /encryption/finish: from then on the old one opens nothing.',
    backup,
  ];
}
