import { LRUCache } from 'lru-cache';
import { createKeyedLock } from './keyed-lock.js';

const REMEMBERED = 20_000;

export interface FirstContacts {
  /** Runs `send`; the first ones to a recipient one after the other, until one has succeeded. */
  meet<T>(jid: string, send: () => Promise<T>): Promise<T>;
}

/**
 * Sends to one recipient may overlap once there are sessions with their devices. Before, two at once would both fetch pre-keys, and
 * the session that one has begun would be replaced by the other's.
 */
export function createFirstContacts(): FirstContacts {
  // By size: a cache by number takes the memory for all its entries at once, for every instance.
  const met = new LRUCache<string, true>({ maxSize: REMEMBERED, sizeCalculation: () => 1 });
  const lock = createKeyedLock();
  return {
    async meet(jid, send) {
      if (met.has(jid)) return send();
      return lock.run([jid], async () => {
        const result = await send();
        met.set(jid, true);
        return result;
      });
    },
  };
}
