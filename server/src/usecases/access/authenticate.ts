import { createHash, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock, Random } from '../../ports/clock.js';
import type { ApiKey, ApiKeyRepository } from '../../ports/repositories.js';

const KEY_BYTES = 32;
/** A key that was good stays good for this long without another look: what a revocation may lag behind. */
const TRUST_MS = 5_000;
const REMEMBERED = 1_000;

/** SHA-256, hex. Keys are random and long, so a fast hash keeps them safe and every request cheap. */
export function hashKey(key: string): string {
  return createHash('sha256').update(key, 'utf8').digest('hex');
}

export interface AccessParts {
  keys: ApiKeyRepository;
  /** CHASQUI_API_KEY; it is only held in memory, so that changing it takes effect with the next start. */
  configuredKey: string | null;
  clock: Clock;
}

/** Answers the key's row, or null. What is compared is hashes, in constant time. */
export function createAuthenticate({ keys, configuredKey, clock }: AccessParts) {
  const configured: ApiKey | null = configuredKey === null ? null : {
    id: 'environment', name: 'CHASQUI_API_KEY', hash: hashKey(configuredKey), createdAt: clock.now(), revokedAt: null,
  };
  const good = new LRUCache<string, ApiKey>({ max: REMEMBERED, ttl: TRUST_MS });
  return async (key: string): Promise<ApiKey | null> => {
    const hash = hashKey(key);
    if (configured && timingSafeEqual(Buffer.from(hash), Buffer.from(configured.hash))) return configured;
    const known = good.get(hash);
    if (known) return known;
    const stored = await keys.findByHash(hash);
    if (!stored || stored.revokedAt !== null) return null;
    good.set(hash, stored);
    return stored;
  };
}

/** Makes the first key when there is none at all. Answers it, the only time it can be read. */
export async function createFirstKey({ keys, configuredKey, clock, random }: AccessParts & { random: Random }): Promise<string | null> {
  if (configuredKey !== null || await keys.count() > 0) return null;
  const key = `chq_${Buffer.from(random.bytes(KEY_BYTES)).toString('base64url')}`;
  await keys.create({ id: random.uuid(), name: 'first key', hash: hashKey(key), createdAt: clock.now(), revokedAt: null });
  return key;
}
