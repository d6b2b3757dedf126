import type { ApiKeyRepository } from '../../ports/repositories.js';
import type { PrismaClient } from './client.js';
import { fromColumn, toColumn } from './columns.js';

/** API keys through Prisma. */
export function createPrismaApiKeyRepository(prisma: PrismaClient): ApiKeyRepository {
  return {
    async create(key) {
      await prisma.apiKey.create({ data: { ...key, createdAt: toColumn(key.createdAt), revokedAt: toColumn(key.revokedAt) } });
    },
    async findByHash(hash) {
      const row = await prisma.apiKey.findUnique({ where: { hash } });
      return row && { ...row, createdAt: fromColumn(row.createdAt), revokedAt: fromColumn(row.revokedAt) };
    },
    count: () => prisma.apiKey.count(),
  };
}
