import { chmod, mkdir, open } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Logger } from 'pino';
import { migrations } from '../../generated/sqlite/migrations.js';
import { environmentKey, fileKey } from '../crypto/master-key-source.js';
import { createSealedJournal } from '../crypto/sealed-journal.js';
import { sealRepositories } from '../crypto/sealed-repositories.js';
import { createSealedSessionStore } from '../crypto/sealed-session-store.js';
import { openVault } from '../crypto/vault.js';
import { createCachedSessionStore } from '../memory/cached-session-store.js';
import { openPrismaOnSqlite } from '../prisma/client.js';
import { createEmbeddedRepositories } from '../prisma/repositories.js';
import { createDataKeyStore } from '../sql/data-keys.js';
import { createSealedRows } from '../sql/sealed-rows.js';
import { createSqlStores } from '../sql/sql-stores.js';
import { StorageError } from '../sql/storage-error.js';
import type { Store } from '../sql/store.js';
import { createSystemClock } from '../system/clock.js';
import { openConnection, type Synchronous } from './connection.js';
import { lockDataDir } from './data-dir-lock.js';
import { createDatabase } from './database.js';
import { sqliteDialect } from './dialect.js';
import { migrate } from './migrate.js';

export interface EmbeddedStoreOptions {
  /** Made when it is not there, readable by its owner only. */
  dataDir: string;
  /** Called once when the store can promise nothing any more: the process should end. */
  onFatal: (error: StorageError) => void;
  /** How long to wait for a process that is just leaving the data directory. */
  lockWaitMs?: number;
  /** Whether a commit on the hot path survives a power cut; default `full`. */
  synchronous?: Synchronous;
  /** Memory for session keys that were read or written lately. */
  sessionCacheBytes?: number;
  /** The master key; without it the data directory keeps one in a file of its own. */
  encryptionKey?: Uint8Array | null;
  /** Default: says nothing. */
  logger?: Pick<Logger, 'info' | 'warn' | 'error' | 'debug'>;
  /** Epoch milliseconds, for the ledger of migrations. */
  now?: () => number;
}

export const DATABASE_FILE = 'chasqui.db';
export const BUSY_TIMEOUT_MS = 5000;
const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined, debug: () => undefined };

/**
 * Opens the embedded store: takes the data directory, makes or migrates `chasqui.db`, and opens its two ways in, Prisma for what a
 * person waits for and a thread of its own for what every message needs.
 * @throws StorageError `DATA_DIR_LOCKED`, those of `migrate`, or SQLite's code; EncryptionKeyError. Nothing stays open then
 */
export async function openEmbeddedStore(options: EmbeddedStoreOptions): Promise<Store> {
  const { onFatal, lockWaitMs, synchronous, sessionCacheBytes, encryptionKey = null, logger = SILENT, now = Date.now } = options;
  const dataDir = resolve(options.dataDir);
  const path = join(dataDir, DATABASE_FILE);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });

  const closers: (() => Promise<void>)[] = [];
  const close = once(async () => {
    for (const closeOne of closers.reverse()) await closeOne();
  });
  try {
    const lock = await lockDataDir(dataDir, { waitMs: lockWaitMs });
    closers.push(() => lock.release());
    await makePrivateFile(path);
    migrateFile(path, now());
    const database = createDatabase({ path, busyTimeoutMs: BUSY_TIMEOUT_MS, synchronous, onFatal });
    closers.push(() => database.stop());
    await database.start();
    const keys = createDataKeyStore(database, sqliteDialect);
    const vault = await openVault({
      keys, rows: createSealedRows(database, sqliteDialect), shared: false, clock: createSystemClock(), logger,
      source: encryptionKey ? environmentKey(encryptionKey, dataDir) : await fileKey(dataDir, async () => (await keys.list()).length > 0),
      onAdopted: async () => vacuum(path),
    });
    closers.push(() => vault.stop());
    const prisma = openPrismaOnSqlite(path, BUSY_TIMEOUT_MS);
    closers.push(() => prisma.$disconnect());
    await prisma.$connect();
    const stores = createSqlStores(database, sqliteDialect);
    const sessions = createCachedSessionStore(createSealedSessionStore(stores.sessions, vault), { maxBytes: sessionCacheBytes });
    return {
      ...stores,
      sessions,
      journal: createSealedJournal(stores.journal, vault),
      ...sealRepositories(createEmbeddedRepositories(prisma), vault),
      vault,
      // One process owns everything, from its start to its end.
      beginTenure: () => undefined,
      release: sessions.forget,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The caller holds the data directory's lock. */
export function migrateFile(path: string, now: number): void {
  const connection = openConnection(path, BUSY_TIMEOUT_MS);
  try {
    migrate(connection, migrations, now);
  } finally {
    connection.close();
  }
}

/** Rewrites the whole file, and empties its log: what was changed or deleted is in neither any more. Nothing else may be using the file at this moment. */
function vacuum(path: string): void {
  const connection = openConnection(path, BUSY_TIMEOUT_MS);
  try {
    connection.exec('VACUUM');
    const [busy] = connection.prepare('PRAGMA wal_checkpoint(TRUNCATE)').raw(true).get([]) as number[];
    if (busy !== 0) throw new StorageError('SQLITE_BUSY', 'The database could not be rewritten after it was sealed: something else has it open. End that, and start again.');
  } finally {
    connection.close();
  }
}

/** The database holds session keys; SQLite gives its log files the mode of the database. Called before anything has it open. */
async function makePrivateFile(path: string): Promise<void> {
  await (await open(path, 'a', 0o600)).close();
  await chmod(path, 0o600);
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | null = null;
  return () => (done ??= work());
}
