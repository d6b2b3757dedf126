import { cleanMessage, decodeMessageNode, type BinaryNode, type WAMessageKey } from '@whiskeysockets/baileys';

/** The account's own JIDs. */
export interface OwnJids { id?: string | undefined; lid?: string | undefined }

/** The message stanzas of one socket, or of one replay: in which one a ciphertext came, and which journal entries a message comes from. */
export interface ReceivedStanzas {
  /** A stanza that came in; to be called before anybody decrypts it. */
  add(stanza: BinaryNode): void;
  /** By the very object that is decrypted: Baileys hands it on as it was in the stanza. */
  of(ciphertext: Uint8Array): BinaryNode | undefined;
  /** The journal has a part of the message of this key. */
  note(key: WAMessageKey, hash: string): void;
  /** What the journal has of a message; each entry is answered once. */
  take(key: WAMessageKey): string[];
}

export function createReceivedStanzas(): ReceivedStanzas {
  const stanzas = new WeakMap<Uint8Array, BinaryNode>();
  const noted = new Map<string, Set<string>>();

  return {
    add(stanza) {
      if (stanza.tag !== 'message' || !Array.isArray(stanza.content)) return;
      for (const { tag, content } of stanza.content) {
        if (tag === 'enc' && content instanceof Uint8Array) stanzas.set(content, stanza);
      }
    },
    of: ciphertext => stanzas.get(ciphertext),
    note(key, hash) {
      const name = nameOf(key);
      noted.set(name, (noted.get(name) ?? new Set()).add(hash));
    },
    take(key) {
      const name = nameOf(key);
      const hashes = [...noted.get(name) ?? []];
      noted.delete(name);
      return hashes;
    },
  };
}

/**
 * The key that the message of a stanza has when Baileys hands it over.
 * @throws what Baileys throws for a stanza that is no message
 */
export function keyOf(stanza: BinaryNode, own: OwnJids): WAMessageKey {
  const { fullMessage } = decodeMessageNode(stanza, own.id ?? '', own.lid ?? '');
  cleanMessage(fullMessage, own.id ?? '', own.lid ?? '');
  return fullMessage.key;
}

/** Who the sender is, and where, belongs to it: an id is unique per sender only. */
function nameOf({ id, fromMe, remoteJid, participant }: WAMessageKey): string {
  return JSON.stringify([id, fromMe === true, remoteJid, participant ?? '']);
}
