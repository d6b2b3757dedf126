import type { Clock, Random } from '../../ports/clock.js';
import type { ApiKeyRepository } from '../../ports/repositories.js';
import { hashKey, makeKey } from './secret-key.js';

/** Of several nodes that start on an empty store, one makes the first key: the id can be taken once. */
const FIRST_KEY_ID = 'first';

export interface FirstKeyParts {
  keys: Pick<ApiKeyRepository, 'count' | 'create'>;
  configuredKey: string | null;
  clock: Pick<Clock, 'now'>;
  random: Pick<Random, 'bytes'>;
}

/** Makes the first key when there is none at all. Answers it, the only time it can be read; null when there is one, or another node is just making it. */
export async function createFirstKey({ keys, configuredKey, clock, random }: FirstKeyParts): Promise<string | null> {
  if (configuredKey !== null || await keys.count() > 0) return null;
  const key = makeKey(random);
  const made = await keys.create({
    id: FIRST_KEY_ID, name: 'first key', hash: hashKey(key), scopes: ['admin'], instances: null, createdAt: clock.now(), revokedAt: null, lastUsedAt: null, rateLimitPerMinute: null,
  });
  return made ? key : null;
}
