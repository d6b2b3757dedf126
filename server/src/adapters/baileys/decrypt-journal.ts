import { createHash } from 'node:crypto';
import { encodeBinaryNode, jidDecode } from '@whiskeysockets/baileys';
import type { Logger } from 'pino';
import type { Clock } from '../../ports/clock.js';
import type { NewJournalEntry, ReceiveJournal } from '../../ports/journal.js';
import type { WithKeys } from './auth-state.js';
import { keyOf, type OwnJids, type ReceivedStanzas } from './received-stanzas.js';

/** A ciphertext, and for whom it was made. */
export interface Sealed {
  type: 'pkmsg' | 'msg' | 'skmsg';
  /** The author's device. */
  author: string;
  /** Of a sender key message. */
  group?: string;
  ciphertext: Uint8Array;
}

export interface DecryptJournal {
  /**
   * Decrypts once and for ever: what `decrypt` gives is journaled with its step of the ratchet, and what was decrypted before is answered
   * from the journal, with the ratchet left alone.
   * @param aliases other names of the author's device
   * @throws what `decrypt` throws, when the journal does not know the ciphertext either
   */
  open(sealed: Sealed, aliases: () => Promise<string[]>, decrypt: (beside: (plaintext: Uint8Array) => WithKeys) => Promise<Uint8Array>): Promise<Uint8Array>;
}

export interface DecryptJournalParts {
  instanceId: string;
  journal: Pick<ReceiveJournal, 'findPlaintext'>;
  stanzas: ReceivedStanzas;
  own: () => OwnJids;
  clock: Clock;
  logger: Logger;
  /** Asks the journal first: for a replay, where everything is known. */
  known?: boolean;
}

/**
 * The journal around decrypting. It is asked only when decrypting fails, so a fresh message costs no read. That is sound because
 * a failed operation leaves no trace (`createOperations`), and a ciphertext that was decrypted fails when it comes again: a `msg`, and
 * a `pkmsg` whose session is there, because its message key is used; a `pkmsg` whose session is gone because its one-time prekey is; a `skmsg`
 * because the chain is past it. The one exception is a `pkmsg` made without a one-time prekey whose session is gone too: it is decrypted
 * anew, to the same plaintext and under the same hash, so the journal stays as it is and the message is known by its id.
 */
export function createDecryptJournal({ instanceId, journal, stanzas, own, clock, logger, known = false }: DecryptJournalParts): DecryptJournal {
  async function find(sealed: Sealed, aliases: () => Promise<string[]>): Promise<Uint8Array | null> {
    const authors = [sealed.author, ...await aliases()];
    const found = await journal.findPlaintext(instanceId, authors.map(author => hashOf({ ...sealed, author })));
    if (!found) return null;
    const stanza = stanzas.of(sealed.ciphertext);
    if (stanza) stanzas.note(keyOf(stanza, own()), found.hash);
    return found.plaintext;
  }

  function toEntry(sealed: Sealed, plaintext: Uint8Array): NewJournalEntry[] {
    const stanza = stanzas.of(sealed.ciphertext);
    if (!stanza) {
      logger.error({ instanceId }, 'a message was decrypted whose stanza is not known; it is not protected from a crash');
      return [];
    }
    const { id = '', from = '', participant } = stanza.attrs;
    return [{ hash: hashOf(sealed), messageId: id, sender: participant ?? from, stanza: encodeBinaryNode(stanza), plaintext, createdAt: clock.now() }];
  }

  return {
    async open(sealed, aliases, decrypt) {
      const answer = known ? await find(sealed, aliases) : null;
      if (answer) return answer;
      try {
        const plaintext = await decrypt(opened => ({ journal: toEntry(sealed, opened) }));
        const stanza = stanzas.of(sealed.ciphertext);
        if (stanza) stanzas.note(keyOf(stanza, own()), hashOf(sealed));
        return plaintext;
      } catch (error) {
        const before = known ? null : await find(sealed, aliases);
        if (!before) throw error;
        return before;
      }
    },
  };
}

/** The name of a ciphertext in the journal. The author belongs to it: nobody may pass off another's ciphertext as their own. */
export function hashOf({ type, author, group = '', ciphertext }: Sealed): string {
  const device = jidDecode(author);
  const name = device ? `${device.user}:${device.device ?? 0}@${device.server}` : author;
  return createHash('sha256').update(JSON.stringify([type, group, name])).update(ciphertext).digest('hex');
}
