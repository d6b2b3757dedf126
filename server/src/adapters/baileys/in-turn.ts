import { jidNormalizedUser, type BinaryNode, type WASocket } from '@whiskeysockets/baileys';
import type { Logger } from 'pino';
import { createKeyedLock } from './keyed-lock.js';

type Listener = (node: BinaryNode) => unknown;

/**
 * Gives Baileys the message stanzas of a chat one after the other. It would take them all at once, and learn the sender's other name
 * before each waits for its turn: in a group, a member who is new would be overtaken by one who is known. What waited at WhatsApp (stanzas
 * marked `offline`) is queued by Baileys itself.
 * @param mayGoOn whether a stanza whose turn has come is still wanted; it comes again with the next login if not
 */
export function handOverInTurn(socket: WASocket, mayGoOn: () => boolean, logger: Pick<Logger, 'warn'>): void {
  const lock = createKeyedLock();
  const listeners = socket.ws.listeners('CB:message') as Listener[];
  const pass = (node: BinaryNode) => Promise.all(listeners.map(listener => listener.call(socket.ws, node)));

  socket.ws.removeAllListeners('CB:message');
  socket.ws.on('CB:message', (node: BinaryNode) => {
    const handed = node.attrs['offline'] ? pass(node) : lock.run(chatOf(node), async () => { if (mayGoOn()) await pass(node); });
    handed.catch((err: unknown) => logger.warn({ err, messageId: node.attrs['id'] }, 'Baileys failed with a message stanza'));
  });
}

/** A chat goes by its phone number or its LID. */
function chatOf({ attrs }: BinaryNode): string[] {
  return [attrs['from'], attrs['sender_lid'], attrs['sender_pn']].flatMap(jid => (jid ? [jidNormalizedUser(jid)] : []));
}
