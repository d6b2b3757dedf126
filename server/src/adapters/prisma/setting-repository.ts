import type { SettingRepository } from '../../ports/repositories.js';
import type { PrismaClient } from './client.js';
import { isRefusal } from './columns.js';

/** Settings through Prisma. */
export function createPrismaSettingRepository(prisma: PrismaClient): SettingRepository {
  return {
    async getOrPut(name, make) {
      const row = await prisma.setting.findUnique({ where: { name } });
      if (row) return row.value;
      try {
        return (await prisma.setting.create({ data: { name, value: make() } })).value;
      } catch (error) {
        if (!isRefusal(error, 'P2002')) throw error;
        return (await prisma.setting.findUniqueOrThrow({ where: { name } })).value;
      }
    },
  };
}
