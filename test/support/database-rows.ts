import { join } from 'node:path';
import { openConnection } from '@gateway/adapters/sqlite/connection.js';
import { DATABASE_FILE } from '@gateway/adapters/sqlite/open-embedded-store.js';

export interface DatabaseRows {
  /** Every row, as text, table by table; of one instance, or all. Left out is what a refused call leaves behind: its audit entry, and that a key was used. */
  rows(instanceId?: string): Record<string, string[]>;
  close(): void;
}

/** Looks at the database of a gateway that runs. */
export function openDatabaseRows(dataDir: string): DatabaseRows {
  const connection = openConnection(join(dataDir, DATABASE_FILE), 5_000);
  const all = (sql: string, ...params: unknown[]) => connection.prepare(sql).all(params) as Record<string, unknown>[];
  const tables = all("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'AuditEntry'").map(({ name }) => String(name));
  return {
    rows(instanceId) {
      return Object.fromEntries(tables.flatMap(table => {
        const columns = all(`SELECT name FROM pragma_table_info('${table}') WHERE name <> 'lastUsedAt'`).map(({ name }) => String(name));
        if (instanceId !== undefined && !columns.includes('instanceId')) return [];
        const list = columns.map(name => `"${name}"`).join(', ');
        const found = instanceId === undefined ? all(`SELECT ${list} FROM "${table}" ORDER BY ${list}`) : all(`SELECT ${list} FROM "${table}" WHERE instanceId = ? ORDER BY ${list}`, instanceId);
        return [[table, found.map(row => JSON.stringify(row, (_, value: unknown) => (value instanceof ArrayBuffer ? Buffer.from(value).toString('base64') : value)))]];
      }));
    },
    close: () => connection.close(),
  };
}
