import { LRUCache } from 'lru-cache';
import type { StoredMessage } from '../../domain/messages/message.js';
import type { Outbox } from '../../ports/message-store.js';

const REMEMBERED = 2_000;
/** Rows of messages that have left the queue a moment ago may be read once more. */
const SPARE = 8;

/** The first messages of one instance's outbox, several read at a time, each given once. */
export interface ReadAhead {
  /** The next message; `settling` when there may be more once what has left the queue is on disk; null when there is none. */
  next(): Promise<StoredMessage | 'settling' | null>;
}

export interface LeftQueue {
  add(message: Pick<StoredMessage, 'messageId' | 'retries'>): void;
  has(message: Pick<StoredMessage, 'messageId' | 'retries'>): boolean;
}

/** Messages that have left the queue in this process: their rows say so some milliseconds later. One that is retried is another. */
export function createLeftQueue(): LeftQueue {
  // By size: a cache by number takes the memory for all its entries at once, for every instance.
  const left = new LRUCache<string, true>({ maxSize: REMEMBERED, sizeCalculation: () => 1 });
  const key = ({ messageId, retries }: Pick<StoredMessage, 'messageId' | 'retries'>) => `${messageId}/${retries}`;
  return {
    add: message => void left.set(key(message), true),
    has: message => left.has(key(message)),
  };
}

/** @param size how many may be held in memory: what is held does not see what comes before it in the queue */
export function createReadAhead(instanceId: string, outbox: Pick<Outbox, 'next'>, left: LeftQueue, size: number): ReadAhead {
  const given = new Set<string>();
  let rows: StoredMessage[] = [];
  return {
    async next() {
      let read = 0;
      if (rows.length === 0) {
        const found = await outbox.next(instanceId, size + SPARE);
        read = found.length;
        rows = found.filter(message => !given.has(message.messageId) && !left.has(message)).slice(0, size);
      }
      const message = rows.shift();
      if (message) given.add(message.messageId);
      return message ?? (read > 0 ? 'settling' : null);
    },
  };
}
