import { pathToFileURL } from 'node:url';
import { PrismaLibSql } from '@prisma/adapter-libsql';
import { PrismaClient } from '../../generated/sqlite/client.js';

export type { PrismaClient } from '../../generated/sqlite/client.js';

/** Prisma on the embedded database. The file exists and is migrated. Foreign keys and a flush per commit are libsql's defaults. */
export function openPrismaOnSqlite(path: string, busyTimeoutMs: number): PrismaClient {
  return new PrismaClient({ adapter: new PrismaLibSql({ url: pathToFileURL(path).href, timeout: busyTimeoutMs }) });
}
