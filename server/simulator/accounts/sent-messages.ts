import type { proto } from '@whiskeysockets/baileys';
import type { UserServer } from '../jids.js';

/** A message that a contact or a phone sent, kept so that it can be sent again and its receipts be seen. */
export interface SentMessage {
  messageId: string;
  /** The number it was written to, or the JID of the group. */
  to: string;
  message: proto.IMessage;
  /** The addressing of its stanzas. */
  server: UserServer;
  sentAt: string;
  /** Receipts of the recipients' devices: delivered (also `inactive`), read, played, retry. */
  receipts: { type: string; from: string; device: number; at: string }[];
}

const CAPACITY = 5000;

export interface SentMessages {
  add(message: SentMessage): void;
  find(messageId: string): SentMessage | undefined;
  list(): SentMessage[];
}

export function createSentMessages(): SentMessages {
  const messages = new Map<string, SentMessage>();
  return {
    add(message) {
      messages.set(message.messageId, message);
      const oldest = messages.keys().next();
      if (messages.size > CAPACITY && !oldest.done) messages.delete(oldest.value);
    },
    find: (messageId) => messages.get(messageId),
    list: () => [...messages.values()],
  };
}
