import type { BaileysEventEmitter, WAMessage } from '@whiskeysockets/baileys';

/**
 * Gives each message that Baileys hands over to `take` at once, past its event buffer; Baileys' own events go on as they are.
 *
 * The buffer makes one event of many. What is in it waits for a first synchronisation for up to 20 s, and now and then for 30 s, or until
 * something else comes in: a function that ends after the buffer was flushed leaves a timer behind that fires in vain, and keeps the next
 * one from being set (rc14, `createBufferedFunction`). WhatsApp has been told by then that the message arrived.
 */
export function takeUpserts(ev: BaileysEventEmitter, take: (message: WAMessage) => void): void {
  const emit = ev.emit.bind(ev);
  ev.emit = (event, data) => {
    if (event === 'messages.upsert') for (const message of (data as { messages: WAMessage[] }).messages) take(message);
    return emit(event, data);
  };
}
