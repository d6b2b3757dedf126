import { DomainError } from '@gateway/domain/errors.js';
import type { ApiKey, ApiKeyRepository } from '@gateway/ports/repositories.js';

/** API keys in memory. It keeps the contract of its port but for the last admin key. */
export function createInMemoryKeys(): ApiKeyRepository {
  const keys = new Map<string, ApiKey>();
  return {
    async create(key) {
      keys.set(key.id, key);
      return true;
    },
    findByHash: async hash => [...keys.values()].find(key => key.hash === hash) ?? null,
    find: async id => keys.get(id) ?? null,
    list: async () => [...keys.values()],
    async update(id, patch) {
      const key = keys.get(id);
      if (!key) throw new DomainError('key_not_found', 'There is no such key.');
      const changed = { ...key, ...Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined)) };
      keys.set(id, changed);
      return changed;
    },
    noteUsed: async () => undefined,
    count: async () => keys.size,
  };
}
