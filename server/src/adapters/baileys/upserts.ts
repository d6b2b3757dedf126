import type { BaileysEventEmitter, WAMessage } from '@whiskeysockets/baileys';

/** The message, and when Baileys has told its own listeners of it. */
type Take = (message: WAMessage, ended: Promise<void>) => void;

/**
 * Gives each message that Baileys hands over to `take` at once, past its event buffer; Baileys' own events go on as they are.
 *
 * The buffer makes one event of many. What is in it waits for a first synchronisation for up to 20 s, and now and then for 30 s, or until
 * something else comes in: a function that ends after the buffer was flushed leaves a timer behind that fires in vain, and keeps the next
 * one from being set (rc14, `createBufferedFunction`). WhatsApp has been told by then that the message arrived. What Baileys does with a message,
 * such as to fetch the history that it names, has mostly ended when its own event comes.
 */
export function takeUpserts(ev: BaileysEventEmitter, take: Take): void {
  const emit = ev.emit.bind(ev);
  const ends = new Map<string, () => void>();
  ev.on('messages.upsert', ({ messages }) => {
    for (const { key } of messages) {
      ends.get(nameOf(key))?.();
      ends.delete(nameOf(key));
    }
  });
  ev.emit = (event, data) => {
    if (event === 'messages.upsert') for (const message of (data as { messages: WAMessage[] }).messages) take(message, ended(message));
    return emit(event, data);
  };

  function ended({ key }: WAMessage): Promise<void> {
    const name = nameOf(key);
    const before = ends.get(name);
    return new Promise(resolve => {
      ends.set(name, () => {
        before?.();
        resolve();
      });
    });
  }
}

function nameOf({ remoteJid, participant, id }: WAMessage['key']): string {
  return JSON.stringify([remoteJid, participant, id]);
}
