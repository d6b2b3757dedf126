import type { Tenure } from '../domain/instances/tenure.js';

/**
 * What was decrypted, kept with the ratchet step that can never be repeated, until it has become a message and its events.
 * WhatsApp believes delivered what was decrypted, so after a crash these rows are all there is. Written by `SessionStore.commit`,
 * marked done by `markDone` or, together with the message, by `MessageStore.recordIncoming`.
 */
export interface ReceiveJournal {
  /** The plaintext that was decrypted under one of these hashes, done or not; null when there is none. */
  findPlaintext(instanceId: string, hashes: string[]): Promise<JournaledPlaintext | null>;
  /** Rows that are not done, in the order in which they were decrypted, after `after` (a `seq`; 0 for the first). */
  listUndone(instanceId: string, after: number, limit: number): Promise<JournaledStanza[]>;
  /** Everything these rows held has been taken care of; they keep the plaintext, for redeliveries, and lose the stanza. @throws DomainError `instance_unowned` */
  markDone(tenure: Tenure, hashes: string[], at: number): Promise<void>;
  /** Removes rows of any instance that were done before `before` (epoch milliseconds), the oldest first; answers how many, `limit` at most. */
  prune(before: number, limit: number): Promise<number>;
}

export interface NewJournalEntry {
  /** SHA-256 of what was decrypted and for whom, hex: the name of the entry within its instance. */
  hash: string;
  messageId: string;
  /** `participant`, else `from`, as the stanza says it; for people. */
  sender: string;
  /** The encoded stanza. */
  stanza: Uint8Array;
  plaintext: Uint8Array;
  createdAt: number;
}

export interface JournaledPlaintext { hash: string; plaintext: Uint8Array }

export interface JournaledStanza {
  seq: number;
  hash: string;
  messageId: string;
  stanza: Uint8Array;
}

/**
 * Ciphertexts by (message, device), written with the ratchet step that made them: a message that is sent again is the same to each
 * device, which can then never decrypt one send twice. Gone with WhatsApp's acknowledgement. Written by `SessionStore.commit`.
 */
export interface CiphertextMemos {
  /** What the message was encrypted to for the device, under one of the names it goes by. */
  find(instanceId: string, messageId: string, jids: string[]): Promise<Ciphertext | null>;
  /**
   * Removes memos made before `before` (epoch milliseconds) whose message is neither queued nor being sent; answers how many, `limit` at
   * most.
   */
  prune(before: number, limit: number): Promise<number>;
}

export interface Ciphertext {
  type: 'pkmsg' | 'msg' | 'skmsg';
  ciphertext: Uint8Array;
}

export interface NewCiphertextMemo extends Ciphertext {
  messageId: string;
  /** The recipient's device, or the group. */
  jid: string;
  createdAt: number;
}
