import { jidNormalizedUser, type BinaryNode, type WAMessage } from '@whiskeysockets/baileys';

/** How long the queue may stand still before nobody waits for it any more: Baileys passes some stanzas over silently. */
const STANDSTILL_MS = 10_000;

export interface ChatOrder {
  /** A message stanza came in. */
  see(stanza: BinaryNode): void;
  /** Baileys has handed a message over; it is passed on in its turn. */
  take(message: WAMessage): void;
  /** Passes on what is held. Idempotent. */
  stop(): void;
}

/**
 * Keeps the messages of a chat in order after a reconnect: Baileys works off what waited at WhatsApp (stanzas marked `offline`) one after the other
 * in a queue of its own, and a new message goes past it. A new one is held here until what waited in its chat is through.
 * @param pass gets the messages; of one chat in order
 */
export function createChatOrder(pass: (message: WAMessage) => void): ChatOrder {
  /** Stanzas in Baileys' queue, in its order. */
  let queue: { id: string; chat: string[] }[] = [];
  let held: { message: WAMessage; chat: string[] }[] = [];
  let timer: NodeJS.Timeout | null = null;

  function watch(): void {
    if (timer) clearTimeout(timer);
    timer = queue.length > 0 ? setTimeout(giveUp, STANDSTILL_MS).unref() : null;
  }

  function giveUp(): void {
    queue = [];
    release();
  }

  function release(): void {
    const waiting = held;
    held = [];
    for (const { message, chat } of waiting) offer(message, chat);
  }

  function offer(message: WAMessage, chat: string[]): void {
    const isBehind = (other: { chat: string[] }) => other.chat.some(name => chat.includes(name));
    if (queue.some(isBehind) || held.some(isBehind)) held.push({ message, chat });
    else pass(message);
  }

  return {
    see({ tag, attrs }) {
      if (tag !== 'message' || !attrs['offline']) return;
      queue.push({ id: attrs['id'] ?? '', chat: namesOf([attrs['from'], attrs['sender_lid'], attrs['sender_pn']]) });
      watch();
    },
    take(message) {
      const { id, remoteJid, remoteJidAlt } = message.key;
      const place = queue.findIndex(waiting => waiting.id === id);
      if (place < 0) return offer(message, namesOf([remoteJid, remoteJidAlt]));
      // The queue is worked off in order, so whatever was before it is through as well, or was passed over.
      queue.splice(0, place + 1);
      watch();
      pass(message);
      release();
    },
    stop() {
      if (timer) clearTimeout(timer);
      timer = null;
      giveUp();
    },
  };
}

/** A chat goes by its phone number or its LID. */
function namesOf(jids: (string | null | undefined)[]): string[] {
  return jids.flatMap(jid => (jid ? [jidNormalizedUser(jid)] : []));
}
