import type { UserServer } from '../jids.js';

/** What was decrypted, in words of the control API. */
export interface MessageView {
  /** text, image, video, audio, document, sticker, location, contact, …; for anything else the key in the proto. */
  type: string;
  text?: string | undefined;
  caption?: string | undefined;
  fileName?: string | undefined;
  mimetype?: string | undefined;
  /** SHA-256 of the decrypted bytes of a media message, hex. */
  sha256?: string | undefined;
  size?: number | undefined;
  /** Why the media could not be had. */
  mediaError?: string | undefined;
  location?: { latitude: number; longitude: number; name?: string; address?: string } | undefined;
}

export interface InboxMessage extends MessageView {
  messageId: string;
  /** The number that wrote it. */
  from: string;
  /** The device that wrote it; 0 is the phone itself. */
  fromDevice: number;
  /** The JID of the group it was written to. */
  group?: string;
  /** The number it was written to, on a copy that an own linked device sent. */
  to?: string;
  fromMe: boolean;
  /** How often this id arrived and was decrypted. */
  times: number;
  /** How often it arrived again with a ciphertext or keys that were used up; those are not counted in `times`. */
  duplicates: number;
  receivedAt: string;
  /** The addressing that the sender used; receipts go back by the same. */
  server: UserServer;
}

/** The messages kept for each number; the oldest go first. */
const CAPACITY = 10_000;

export interface Inbox {
  find(from: string, messageId: string): InboxMessage | undefined;
  findById(messageId: string): InboxMessage | undefined;
  add(message: InboxMessage): void;
  list(): InboxMessage[];
}

export function createInbox(): Inbox {
  const messages = new Map<string, InboxMessage>();
  const newestById = new Map<string, InboxMessage>();
  return {
    find: (from, messageId) => messages.get(`${from}|${messageId}`),
    findById: (messageId) => newestById.get(messageId),
    add(message) {
      messages.set(`${message.from}|${message.messageId}`, message);
      newestById.set(message.messageId, message);
      const oldest = messages.entries().next();
      if (messages.size > CAPACITY && !oldest.done) {
        const [key, dropped] = oldest.value;
        messages.delete(key);
        if (newestById.get(dropped.messageId) === dropped) newestById.delete(dropped.messageId);
      }
    },
    list: () => [...messages.values()],
  };
}
