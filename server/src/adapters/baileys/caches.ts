import { LRUCache } from 'lru-cache';
import type { CacheStore, UserFacingSocketConfig } from '@whiskeysockets/baileys';

const MINUTE = 60_000;

/**
 * The caches that Baileys would otherwise make anew, each with a timer of its own, for every socket. One set per instance:
 * retry counters then also survive a reconnect.
 */
export function createSocketCaches(): Pick<UserFacingSocketConfig, 'msgRetryCounterCache' | 'callOfferCache' | 'placeholderResendCache' | 'userDevicesCache'> {
  return {
    msgRetryCounterCache: createCache(60 * MINUTE, 5_000),
    callOfferCache: createCache(5 * MINUTE, 500),
    placeholderResendCache: createCache(60 * MINUTE, 1_000),
    userDevicesCache: createCache(5 * MINUTE, 5_000),
  };
}

function createCache(ttl: number, max: number): CacheStore {
  // By size: a cache by number takes the memory for all its entries at once, for every instance.
  const cache = new LRUCache<string, { value: unknown }>({ ttl, maxSize: max, sizeCalculation: () => 1 });
  return {
    get: <T>(key: string) => cache.get(key)?.value as T | undefined,
    set: <T>(key: string, value: T) => {
      cache.set(key, { value });
    },
    del: key => {
      cache.delete(key);
    },
    flushAll: () => cache.clear(),
  };
}
