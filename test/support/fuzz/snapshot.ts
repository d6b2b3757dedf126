import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';

interface Sqlite { prepare(sql: string): { all(...values: unknown[]): Record<string, unknown>[] }; close(): void }
const Libsql = createRequire(new URL('../../../server/package.json', import.meta.url))('libsql') as new (path: string, options?: { readonly?: boolean }) => Sqlite;

/** Every table of a running gateway's database: how many rows, and what is in them, as a hash; without the audit log's entries about wrong keys. */
export function snapshotOf(dataDir: string): Record<string, string> {
  const database = new Libsql(join(dataDir, 'chasqui.db'), { readonly: true });
  try {
    const tables = database.prepare('SELECT name FROM sqlite_master WHERE type = \'table\' AND name NOT LIKE \'sqlite_%\' ORDER BY name').all().map(({ name }) => String(name));
    return Object.fromEntries(tables.map(table => {
      const rows = database.prepare(`SELECT * FROM "${table}"`).all().filter(row => row['action'] !== 'access.authenticate').map(row => JSON.stringify(row, (_name, value: unknown) => typeof value === 'bigint' ? `${value}n` : value)).sort();
      return [table, `${rows.length} rows, ${createHash('sha256').update(rows.join('\n')).digest('hex')}`];
    }));
  } finally {
    database.close();
  }
}
