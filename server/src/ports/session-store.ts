import type { NewBackup } from '../domain/instances/backup.js';
import type { Tenure } from '../domain/instances/tenure.js';
import type { NewCiphertextMemo, NewJournalEntry } from './journal.js';

/**
 * Session material of one instance: credentials and Signal keys, as opaque bytes.
 * The Baileys adapter encodes and decodes; the store only keeps.
 *
 * All writes of one `commit` become durable together or not at all, and survive a power cut when the promise
 * resolves. Commits of one instance are applied in the order of the calls. Several commits that
 * wait at the same time may share one disk flush.
 *
 * Only the owner of an instance writes: a call whose tenure is over, because another has begun, changes nothing and rejects with the
 * DomainError `instance_unowned`. After a claim that raised the epoch, nothing of an earlier one can become durable.
 */
export interface SessionStore {
  /** null when the instance has no session. */
  readCredentials(instanceId: string): Promise<Uint8Array | null>;
  /** The values that exist, by id. */
  readKeys(instanceId: string, type: string, ids: string[]): Promise<Map<string, Uint8Array>>;
  commit(tenure: Tenure, changes: SessionChanges): Promise<void>;
  /**
   * Removes credentials, every key and every ciphertext memo of the instance, atomically. The journal stays: it belongs to the user.
   * @param backup keeps the credentials under it first, in the same commit; where its device was unlinked, that ends all backups of it
   */
  wipe(tenure: Tenure, backup?: NewBackup): Promise<void>;
  /**
   * Puts credentials in the place of all that `wipe` removes, atomically.
   * @param backup as for `wipe`
   */
  replace(tenure: Tenure, credentials: Uint8Array, backup?: NewBackup): Promise<void>;
  /** Keeps a copy of the credentials as they are. False when there are none. */
  backUp(tenure: Tenure, backup: NewBackup): Promise<boolean>;
  /** The credentials in a backup; null when there is none of that id. */
  readBackup(instanceId: string, backupId: string): Promise<Uint8Array | null>;
  /** Removes everything of the instance for good, the journal and the backups too, in small steps; can be repeated after a crash. */
  purge(tenure: Tenure): Promise<void>;
  /** Ids of the instances that have credentials. */
  listSessions(): Promise<string[]>;
}

export interface SessionChanges {
  credentials?: Uint8Array;
  /** A null value deletes the key. */
  keys?: KeyChange[];
  /** What these steps of the ratchet decrypted; an entry that is there already is left alone. */
  journal?: NewJournalEntry[];
  /** What these steps of the ratchet encrypted. */
  memos?: NewCiphertextMemo[];
}

export interface KeyChange {
  type: string;
  id: string;
  value: Uint8Array | null;
}
