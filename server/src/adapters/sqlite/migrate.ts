import { randomUUID } from 'node:crypto';
import { missingMigrations, type LedgerRow, type Migration } from '../sql/migration-ledger.js';
import { StorageError } from '../sql/storage-error.js';
import type { Connection } from './connection.js';

const LEDGER = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
  "id" TEXT PRIMARY KEY NOT NULL,
  "checksum" TEXT NOT NULL,
  "finished_at" DATETIME,
  "migration_name" TEXT NOT NULL,
  "logs" TEXT,
  "rolled_back_at" DATETIME,
  "started_at" DATETIME NOT NULL DEFAULT current_timestamp,
  "applied_steps_count" INTEGER UNSIGNED NOT NULL DEFAULT 0
)`;

/**
 * Brings the database to the newest of `migrations` (in order), each with its ledger row in one transaction. The caller holds the data directory's
 * lock. Answers the names that were applied.
 * @param now epoch milliseconds
 * @throws StorageError `MIGRATION_CHANGED`, `MIGRATION_UNFINISHED`, `DATABASE_NEWER`, or SQLite's code; the database is then as it was before the migration that failed
 */
export function migrate(connection: Connection, migrations: readonly Migration[], now: number): string[] {
  connection.exec(LEDGER);
  const missing = missingMigrations(readLedger(connection), migrations);
  for (const migration of missing) apply(connection, migration, now);
  return missing.map(({ name }) => name);
}

function readLedger(connection: Connection): LedgerRow[] {
  return connection
    .prepare('SELECT migration_name, checksum, finished_at FROM "_prisma_migrations" WHERE rolled_back_at IS NULL')
    .all([]) as LedgerRow[];
}

function apply(connection: Connection, { name, sql, checksum }: Migration, now: number): void {
  // Prisma's scripts that redefine a table switch foreign keys off, which SQLite ignores inside a transaction:
  // dropping the old table would then delete the rows that refer to it.
  connection.exec('PRAGMA foreign_keys = OFF');
  try {
    connection.exec('BEGIN EXCLUSIVE');
    connection.exec(sql);
    const broken = connection.prepare('PRAGMA foreign_key_check').all([]);
    if (broken.length > 0) throw new StorageError('SQLITE_CONSTRAINT_FOREIGNKEY', `Migration ${name} would leave ${broken.length} rows without the row they refer to.`);
    connection
      .prepare('INSERT INTO "_prisma_migrations" (id, checksum, finished_at, migration_name, started_at, applied_steps_count) VALUES (?, ?, ?, ?, ?, 1)')
      .run([randomUUID(), checksum, now, name, now]);
    connection.exec('COMMIT');
  } catch (error) {
    if (connection.inTransaction) connection.exec('ROLLBACK');
    throw error;
  } finally {
    connection.exec('PRAGMA foreign_keys = ON');
  }
}
