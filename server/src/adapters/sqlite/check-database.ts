import Libsql from 'libsql';

/**
 * What SQLite itself says of a database file: `ok`, or its first complaint. Reads only, beside whoever has it open.
 * @throws SQLite's error when it cannot be read
 */
export function checkDatabase(path: string): string {
  const connection = new Libsql(path, { timeout: 5_000, readonly: true });
  try {
    const [row] = connection.prepare('PRAGMA quick_check(1)').all([]) as { quick_check: string }[];
    return row?.quick_check ?? 'no answer';
  } finally {
    connection.close();
  }
}
