import { StorageError } from './storage-error.js';

/** One committed migration: Prisma's name for it, its script, and the SHA-256 of the script in hex. */
export interface Migration {
  name: string;
  sql: string;
  checksum: string;
}

/** A row of `_prisma_migrations` that was not rolled back: the table that Prisma's own tools keep, so that `prisma migrate status` understands the database. */
export interface LedgerRow {
  migration_name: string;
  checksum: string;
  /** Null while it is under way. */
  finished_at: unknown;
}

/**
 * Those of `migrations` (in order) that the database has not seen.
 * @throws StorageError `DATABASE_NEWER`, `MIGRATION_UNFINISHED`, `MIGRATION_CHANGED`
 */
export function missingMigrations(ledger: readonly LedgerRow[], migrations: readonly Migration[]): Migration[] {
  const applied = new Set(ledger.map(row => checkApplied(row, migrations)));
  return migrations.filter(({ name }) => !applied.has(name));
}

function checkApplied(row: LedgerRow, migrations: readonly Migration[]): string {
  const name = row.migration_name;
  const known = migrations.find(migration => migration.name === name);
  if (!known) {
    throw new StorageError('DATABASE_NEWER', `The database was made by a newer version of the gateway (migration ${name} is unknown here). Update the gateway, or restore a backup.`);
  }
  if (row.finished_at === null) {
    throw new StorageError('MIGRATION_UNFINISHED', `Migration ${name} was begun by another tool and not finished. Restore a backup, or finish it with Prisma's migrate resolve.`);
  }
  if (known.checksum !== row.checksum) {
    throw new StorageError('MIGRATION_CHANGED', `Migration ${name} is not the one that made this database. Install an unchanged release of the gateway, or restore a backup.`);
  }
  return name;
}
