/**
 * What was decrypted, kept with the ratchet step that can never be repeated, until it has become a message and its events.
 * WhatsApp believes delivered what was decrypted, so after a crash these rows are all there is. Written by `SessionStore.commit`.
 */
export interface ReceiveJournal {
  /** The plaintext that was decrypted under this hash, done or not; null when there is none. */
  findPlaintext(instanceId: string, hash: string): Promise<Uint8Array | null>;
  /** Rows that are not done, in the order in which they were decrypted, after `after` (a `seq`; 0 for the first). */
  listUndone(instanceId: string, after: number, limit: number): Promise<JournaledStanza[]>;
  /** Everything that stanza held has been taken care of; its rows keep the plaintext, for redeliveries, and lose the stanza. */
  markDone(instanceId: string, stanzas: StanzaKey[], at: number): Promise<void>;
}

/** Which stanza: a message id is unique per sender only. */
export interface StanzaKey {
  messageId: string;
  /** `participant`, else `from`, as the stanza says it. */
  sender: string;
}

export interface NewJournalEntry extends StanzaKey {
  /** SHA-256 of what was decrypted and for whom, hex. */
  hash: string;
  /** The encoded stanza. */
  stanza: Uint8Array;
  plaintext: Uint8Array;
  createdAt: number;
}

export interface JournaledStanza extends StanzaKey {
  seq: number;
  hash: string;
  stanza: Uint8Array;
  createdAt: number;
}

/**
 * Ciphertexts by (message, device), written with the ratchet step that made them: a message that is sent again is the same to each
 * device, which can then never decrypt one send twice. Gone with WhatsApp's acknowledgement. Written by `SessionStore.commit`.
 */
export interface CiphertextMemos {
  find(instanceId: string, messageId: string, jid: string): Promise<Ciphertext | null>;
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
