import type { MediaFile } from '../domain/messages/content.js';

/**
 * Bytes of media that were handed over with an asynchronous send, until WhatsApp has them. They are where the messages are, so that
 * whoever sends the message has its media, too.
 */
export interface MediaStash {
  /** Copies the file; durable when it resolves. To be called before the message is stored: media without a message is pruned. */
  put(instanceId: string, messageId: string, file: Pick<MediaFile, 'path'>, now: number): Promise<void>;
  /** The bytes, part by part, in order; nothing when there are none. */
  read(instanceId: string, messageId: string): AsyncIterable<Uint8Array>;
  remove(instanceId: string, messageId: string): Promise<void>;
  /** Removes media made before `before` (epoch milliseconds) whose message does not wait any more; answers how many parts. */
  prune(before: number, limit: number): Promise<number>;
}
