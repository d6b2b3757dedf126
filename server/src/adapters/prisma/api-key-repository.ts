import { managesKeys, type Scope } from '../../domain/access/scopes.js';
import { DomainError } from '../../domain/errors.js';
import type { ApiKey, ApiKeyPatch, ApiKeyRepository } from '../../ports/repositories.js';
import type { ApiKey as Row } from '../../generated/sqlite/client.js';
import type { PrismaClient } from './client.js';
import { fromColumn, isRefusal, toColumn } from './columns.js';

/** Runs the work while nobody else changes keys. */
export type ChangeKeysAlone = <T>(work: (client: Pick<PrismaClient, 'apiKey'>) => Promise<T>) => Promise<T>;

/** API keys through Prisma. */
export function createPrismaApiKeyRepository(prisma: PrismaClient, changeAlone: ChangeKeysAlone): ApiKeyRepository {
  return {
    async create(key) {
      try {
        await prisma.apiKey.create({
          data: { ...key, ...toColumns(key), name: key.name, scopes: JSON.stringify(key.scopes), createdAt: toColumn(key.createdAt), lastUsedAt: toColumn(key.lastUsedAt) },
        });
        return true;
      } catch (error) {
        if (!isRefusal(error, 'P2002')) throw error;
        return false;
      }
    },
    async findByHash(hash) {
      const row = await prisma.apiKey.findUnique({ where: { hash } });
      return row && toKey(row);
    },
    async find(id) {
      const row = await prisma.apiKey.findUnique({ where: { id } });
      return row && toKey(row);
    },
    async list() {
      return (await prisma.apiKey.findMany({ orderBy: [{ createdAt: 'asc' }, { id: 'asc' }] })).map(toKey);
    },
    update: (id, patch, keepsManager) => changeAlone(async client => {
      const keys = (await client.apiKey.findMany()).map(toKey);
      const before = keys.find(key => key.id === id);
      if (!before) throw new DomainError('key_not_found', `There is no API key "${id}".`, { hint: 'List the keys with GET /keys.' });
      const others = keys.filter(key => key !== before);
      if (keepsManager && managesKeys(before) && !managesKeys({ ...before, ...defined(patch) }) && !others.some(managesKeys)) {
        throw new DomainError('last_admin_key', 'This is the last key that may manage keys; without it nobody could make another one.', {
          hint: 'Make another key with the scope admin first, bound to no instance.',
        });
      }
      return toKey(await client.apiKey.update({ where: { id }, data: toColumns(patch) }));
    }),
    async noteUsed(id, at) {
      await prisma.apiKey.updateMany({ where: { id, OR: [{ lastUsedAt: null }, { lastUsedAt: { lt: toColumn(at) } }] }, data: { lastUsedAt: toColumn(at) } });
    },
    count: () => prisma.apiKey.count(),
  };
}

/** What is undefined stays as it is. */
function toColumns({ scopes, instances, revokedAt, name, rateLimitPerMinute }: ApiKeyPatch) {
  return { name, rateLimitPerMinute, scopes: scopes && JSON.stringify(scopes), instances: instances && JSON.stringify(instances), revokedAt: toColumn(revokedAt) };
}

function defined<T extends object>(patch: T): Partial<T> {
  return Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function toKey(row: Row): ApiKey {
  return {
    ...row,
    scopes: JSON.parse(row.scopes) as Scope[],
    instances: row.instances === null ? null : JSON.parse(row.instances) as string[],
    createdAt: fromColumn(row.createdAt), revokedAt: fromColumn(row.revokedAt), lastUsedAt: fromColumn(row.lastUsedAt),
  };
}
