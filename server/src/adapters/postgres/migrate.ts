import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { migrations as committed } from '../../generated/postgresql/migrations.js';
import { missingMigrations, type LedgerRow, type Migration } from '../sql/migration-ledger.js';
import { StorageError } from '../sql/storage-error.js';

export interface PostgresMigrationOptions {
  /** A connection of its own for the whole of it: not through a pooler that shares connections between transactions. */
  url: string;
  /** In order; default: those of the build. */
  migrations?: readonly Migration[];
  /** How long to wait for a PostgreSQL that is not there yet, as when everything starts together. */
  connectWaitMs?: number;
  /** How long to wait for another node that is migrating. */
  lockWaitMs?: number;
}

// Prisma's own advisory lock, so that its tools and the gateway exclude each other too.
const MIGRATION_LOCK = 72707369;
const CONNECT_TIMEOUT_MS = 5_000;
const POLL_MS = 250;

const LEDGER = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
  "id" VARCHAR(36) PRIMARY KEY NOT NULL,
  "checksum" VARCHAR(64) NOT NULL,
  "finished_at" TIMESTAMPTZ,
  "migration_name" VARCHAR(255) NOT NULL,
  "logs" TEXT,
  "rolled_back_at" TIMESTAMPTZ,
  "started_at" TIMESTAMPTZ NOT NULL DEFAULT now(),
  "applied_steps_count" INTEGER NOT NULL DEFAULT 0
)`;

// A node whose machine is gone gives the lock back soon; a change of a table does not hold up the nodes that work longer than this.
const SESSION = `SET statement_timeout = 0; SET lock_timeout = '10s';
SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3`;

/**
 * Brings the database to the newest of `migrations`, each with its ledger row in one transaction, while a lock keeps other nodes waiting: of several that
 * start at once, one migrates. Answers the names that this call applied.
 * @throws StorageError `MIGRATION_CHANGED`, `MIGRATION_UNFINISHED`, `DATABASE_NEWER`, `DATABASE_BUSY` (another node has been migrating for too long), or
 * PostgreSQL's or the network's code; the database is then as it was before the migration that failed
 */
export async function migratePostgres(options: PostgresMigrationOptions): Promise<string[]> {
  const { url, migrations = committed, connectWaitMs = 30_000, lockWaitMs = 60_000 } = options;
  const client = await connect(url, connectWaitMs);
  try {
    await client.query(SESSION);
    await takeLock(client, lockWaitMs);
    await client.query(LEDGER);
    const { rows } = await client.query<LedgerRow>('SELECT migration_name, checksum, finished_at FROM "_prisma_migrations" WHERE rolled_back_at IS NULL');
    const missing = missingMigrations(rows, migrations);
    for (const migration of missing) await apply(client, migration);
    return missing.map(({ name }) => name);
  } catch (error) {
    throw asStorageError(error, 'The database could not be migrated');
  } finally {
    // The lock is the connection's and goes with it.
    await client.end().catch(() => undefined);
  }
}

async function connect(connectionString: string, waitMs: number): Promise<pg.Client> {
  for (let waited = 0; ; waited += POLL_MS) {
    const client = new pg.Client({ connectionString, application_name: 'chasqui migrate', connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
    // A connection that is lost fails the statement under way, which says so.
    client.on('error', () => undefined);
    const started = performance.now();
    try {
      await client.connect();
      return client;
    } catch (error) {
      await client.end().catch(() => undefined);
      waited += performance.now() - started;
      if (waited >= waitMs || !mayComeUp(error)) throw asStorageError(error, 'PostgreSQL cannot be reached');
    }
    await sleep(POLL_MS);
  }
}

/** Whether nobody answered, or a server that is starting or has no connection free: not one that refuses the user or the database. */
function mayComeUp(error: unknown): boolean {
  return !(error instanceof pg.DatabaseError) || error.code === '57P03' || error.code === '53300';
}

async function takeLock(client: pg.Client, waitMs: number): Promise<void> {
  try {
    await client.query(`BEGIN; SET LOCAL lock_timeout = ${Math.ceil(waitMs)}; SELECT pg_advisory_lock(${MIGRATION_LOCK}); COMMIT`);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== '55P03') throw error;
    throw new StorageError('DATABASE_BUSY', `Another process has been migrating the database for more than ${Math.round(waitMs / 1000)} s. See what it waits for (pg_stat_activity), then start again.`, { cause: error });
  }
}

async function apply(client: pg.Client, { name, sql, checksum }: Migration): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(sql);
    await client.query(
      'INSERT INTO "_prisma_migrations" (id, checksum, migration_name, started_at, finished_at, applied_steps_count) VALUES ($1, $2, $3, now(), clock_timestamp(), 1)',
      [randomUUID(), checksum, name],
    );
    await client.query('COMMIT');
  } catch (error) {
    // With a connection that is lost, the server does it by itself.
    await client.query('ROLLBACK').catch(() => undefined);
    throw asStorageError(error, `Migration ${name} failed and was undone`);
  }
}

/** PostgreSQL's own sentence, without the detail, which may hold stored values. */
function asStorageError(error: unknown, what: string): StorageError {
  if (error instanceof StorageError) return error;
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';
  const says = error instanceof Error && error.message !== '' ? error.message : code;
  return new StorageError(code, `${what}: ${says}`, { cause: error });
}
