import type { NewCiphertextMemo, NewJournalEntry } from './journal.js';

/**
 * Session material of one instance: credentials and Signal keys, as opaque bytes.
 * The Baileys adapter encodes and decodes; the store only keeps.
 *
 * All writes of one `commit` become durable together or not at all, and survive a power cut when the promise
 * resolves. Commits of one instance are applied in the order of the calls. Several commits that
 * wait at the same time may share one disk flush.
 */
export interface SessionStore {
  /** null when the instance has no session. */
  readCredentials(instanceId: string): Promise<Uint8Array | null>;
  /** The values that exist, by id. */
  readKeys(instanceId: string, type: string, ids: string[]): Promise<Map<string, Uint8Array>>;
  commit(instanceId: string, changes: SessionChanges): Promise<void>;
  /** Removes credentials, every key and every ciphertext memo of the instance, atomically. The journal stays: it belongs to the user. */
  wipe(instanceId: string): Promise<void>;
  /** Removes everything of the instance for good, the journal too, in small steps; can be repeated after a crash. */
  purge(instanceId: string): Promise<void>;
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
