import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readText } from './providers.mjs';

/** The committed migrations of a provider in the order in which they apply, with Prisma's checksum (SHA-256 of the script, hex). */
export function readMigrations(provider) {
  if (!existsSync(provider.migrationsDir)) return [];
  return readdirSync(provider.migrationsDir, { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(entry => entry.name)
    .sort()
    .map(name => {
      const sql = readText(join(provider.migrationsDir, name, 'migration.sql'));
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    });
}

/** TypeScript that carries the migrations into the build, so that nothing is read from disk at run time. */
export function migrationsModule(provider) {
  return `// Made by scripts/prisma.mjs from prisma/${provider.name}/migrations.

/** One committed migration: Prisma's name for it, its script, and the SHA-256 of the script in hex. */
export interface Migration {
  name: string;
  sql: string;
  checksum: string;
}

export const migrations: readonly Migration[] = ${JSON.stringify(readMigrations(provider), null, 2)};
`;
}
