import { cleanMessage, decodeBinaryNode, decryptMessageNode, proto, type SignalRepositoryWithLIDStore, type WAMessage } from '@whiskeysockets/baileys';
import type { Logger } from 'pino';
import type { JournaledStanza, ReceiveJournal } from '../../ports/journal.js';
import type { IncomingMessage } from '../../ports/whatsapp-client.js';
import { createAddressBook } from './addresses.js';
import type { createBaileysLogger } from './baileys-logger.js';
import { readIncoming } from './incoming.js';
import type { OwnJids, ReceivedStanzas } from './received-stanzas.js';

/** Rows read at a time. */
const PAGE = 100;

/** Something that Baileys has to be given again: keys, history, a revoke, whatever is no message of its own. */
export interface Leftover { message: WAMessage; hashes: string[] }

export interface ReplayParts {
  instanceId: string;
  journal: ReceiveJournal;
  /** Answers what the journal knows, and decrypts what it does not. */
  repository: SignalRepositoryWithLIDStore;
  stanzas: ReceivedStanzas;
  own: OwnJids;
  /** Resolves when the message is durable and its entries are done. */
  onMessage: (message: IncomingMessage) => Promise<void>;
  /** Says of an entry that it can never be read; it is given up. */
  giveUp: (hash: string) => Promise<void>;
  logger: Logger;
  baileysLogger: ReturnType<typeof createBaileysLogger>;
}

/**
 * Hands over what was decrypted and never became a message: WhatsApp believes it delivered, so nobody else has it. Answers what is for
 * Baileys; its entries stay undone.
 * @throws what `onMessage` throws, which leaves the rest undone
 */
export async function replayJournal(parts: ReplayParts): Promise<Leftover[]> {
  const { instanceId, journal, logger, giveUp, onMessage } = parts;
  const leftovers: Leftover[] = [];
  const handled = new Set<string>();
  let messages = 0;

  for (let after = 0; ;) {
    const rows = await journal.listUndone(instanceId, after, PAGE);
    for (const row of rows) {
      after = row.seq;
      // A stanza may have several rows; the first one has brought all of it.
      if (handled.has(row.hash)) continue;
      const read = await readAgain(parts, row);
      for (const hash of read?.hashes ?? [row.hash]) handled.add(hash);
      if (!read) await giveUp(row.hash);
      else if (read.incoming) {
        await onMessage({ ...read.incoming, journaled: read.hashes });
        messages += 1;
      } else leftovers.push({ message: read.message, hashes: read.hashes });
    }
    if (rows.length < PAGE) break;
  }
  if (handled.size > 0) logger.info({ instanceId, messages, others: leftovers.length }, 'what was decrypted before the end of an earlier connection is taken up');
  return leftovers;
}

/** null when the entry can never be read. */
async function readAgain({ instanceId, repository, stanzas, own, logger, baileysLogger }: ReplayParts, { hash, messageId, stanza: bytes }: JournaledStanza) {
  try {
    const stanza = await decodeBinaryNode(Buffer.from(bytes));
    stanzas.add(stanza);
    const { fullMessage, decrypt } = decryptMessageNode(stanza, own.id ?? '', own.lid ?? '', repository, baileysLogger);
    await decrypt();
    const message = fullMessage as WAMessage;
    cleanMessage(message, own.id ?? '', own.lid ?? '');
    if (message.messageStubType === proto.WebMessageInfo.StubType.CIPHERTEXT) throw new Error(message.messageStubParameters?.[0] ?? 'It cannot be decrypted.');
    const hashes = [...new Set([hash, ...stanzas.take(message.key)])];
    return { message, hashes, incoming: await readIncoming(instanceId, message, createAddressBook(repository.lidMapping)) };
  } catch (err) {
    logger.error({ err, instanceId, messageId }, 'what was decrypted before the end of an earlier connection cannot be read; it is given up');
    return null;
  }
}
