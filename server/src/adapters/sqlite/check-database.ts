import { existsSync } from 'node:fs';
import Libsql from 'libsql';

/**
 * What SQLite itself says of a database file: `ok`, or its first complaint. Reads only, beside whoever has it open.
 * @throws SQLite's error when it cannot be read
 */
export function checkDatabase(path: string): string {
  return reading(path, connection => {
    const [row] = connection.prepare('PRAGMA quick_check(1)').all([]) as { quick_check: string }[];
    return row?.quick_check ?? 'no answer';
  });
}

/**
 * Fingerprints of the master keys that open what is sealed in a database file; none where nothing is, or there is no file. Reads only.
 * @throws SQLite's error when it cannot be read
 */
export function masterKeysOf(path: string): string[] {
  if (!existsSync(path)) return [];
  return reading(path, connection => {
    const hasTable = connection.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'DataKey'").all([]).length > 0;
    return hasTable ? (connection.prepare('SELECT DISTINCT masterId FROM DataKey').all([]) as { masterId: string }[]).map(({ masterId }) => masterId) : [];
  });
}

function reading<T>(path: string, work: (connection: Libsql.Database) => T): T {
  const connection = new Libsql(path, { timeout: 5_000, readonly: true });
  try {
    return work(connection);
  } finally {
    connection.close();
  }
}
