import type { Logger } from 'pino';
import type { Clock } from '../../ports/clock.js';
import { environmentKey } from '../crypto/master-key-source.js';
import { createSealedJournal } from '../crypto/sealed-journal.js';
import { sealRepositories } from '../crypto/sealed-repositories.js';
import { createSealedSessionStore } from '../crypto/sealed-session-store.js';
import { openVault, type OpenVault } from '../crypto/vault.js';
import { createCachedSessionStore } from '../memory/cached-session-store.js';
import { openPrismaOnPostgres } from '../prisma/client.js';
import { createPostgresRepositories } from '../prisma/repositories.js';
import { createDataKeyStore } from '../sql/data-keys.js';
import { createSealedRows } from '../sql/sealed-rows.js';
import { createSqlStores } from '../sql/sql-stores.js';
import type { Store } from '../sql/store.js';
import { createSystemClock } from '../system/clock.js';
import { createPostgresDatabase } from './database.js';
import { postgresDialect } from './dialect.js';
import { refuseEarlierNodes } from './earlier-nodes.js';
import { migratePostgres } from './migrate.js';

export interface PostgresStoreOptions {
  url: string;
  /** Connections of the hot path at most, default 10; Prisma and the leases have their own. */
  poolSize?: number;
  /** This node's name as the leases know it: it takes care of the instances that are its own. */
  nodeId: string;
  /** The master key, the same on every node. */
  encryptionKey: Uint8Array;
  logger: Pick<Logger, 'warn' | 'info' | 'error' | 'debug'>;
  clock?: Clock;
  /** Memory for session keys that were read or written lately. */
  sessionCacheBytes?: number;
}

/**
 * Opens the store that nodes share: brings the database to this release, waiting for another node that is doing it, and opens its two ways in, Prisma
 * for what a person waits for and plain SQL for what every message needs.
 * @throws StorageError those of `migratePostgres`, or `DATABASE_TOO_OLD`; EncryptionKeyError; DomainError `store_unavailable`. Nothing stays open then
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const { url, poolSize, nodeId, encryptionKey, logger, clock = createSystemClock(), sessionCacheBytes } = options;
  await migratePostgres({ url });
  const prisma = openPrismaOnPostgres({ url });
  const database = createPostgresDatabase({ url, maxConnections: poolSize, clock, logger });
  let closing: Promise<void> | null = null;
  let vault: OpenVault | null = null;
  const close = () => (closing ??= closeAll(vault, database, prisma));
  const dialect = postgresDialect(nodeId);
  const open = async () => {
    await database.start();
    await refuseEarlierNodes(database);
    const keys = createDataKeyStore(database, dialect);
    return openVault({ keys, rows: createSealedRows(database, dialect), source: environmentKey(encryptionKey), shared: true, clock, logger });
  };
  try {
    vault = await open();
  } catch (error) {
    await close();
    throw error;
  }
  const stores = createSqlStores(database, dialect);
  const sessions = createCachedSessionStore(createSealedSessionStore(stores.sessions, vault), { maxBytes: sessionCacheBytes });
  return { ...stores, ...sealRepositories(createPostgresRepositories(prisma), vault), journal: createSealedJournal(stores.journal, vault), vault, sessions, beginTenure: sessions.forget, release: sessions.forget, close };
}

async function closeAll(vault: { stop(): Promise<void> } | null, database: { stop(): Promise<void> }, prisma: { $disconnect(): Promise<void> }): Promise<void> {
  await vault?.stop();
  await database.stop();
  await prisma.$disconnect();
}
