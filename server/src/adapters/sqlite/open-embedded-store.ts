import { chmod, mkdir, open } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { migrations } from '../../generated/sqlite/migrations.js';
import type { DeliveryStore, MessageStore, Outbox } from '../../ports/message-store.js';
import type { ApiKeyRepository, InstanceRepository, WebhookRepository } from '../../ports/repositories.js';
import type { CiphertextMemos, ReceiveJournal } from '../../ports/journal.js';
import type { MediaStash } from '../../ports/media-stash.js';
import type { SessionStore } from '../../ports/session-store.js';
import { createCachedSessionStore } from '../memory/cached-session-store.js';
import { createPrismaApiKeyRepository } from '../prisma/api-key-repository.js';
import { openPrismaOnSqlite } from '../prisma/client.js';
import { createPrismaInstanceRepository } from '../prisma/instance-repository.js';
import { createPrismaWebhookRepository } from '../prisma/webhook-repository.js';
import { openConnection, type Synchronous } from './connection.js';
import { lockDataDir } from './data-dir-lock.js';
import { createDatabase } from './database.js';
import { createSqliteDeliveryStore } from './delivery-store.js';
import { createSqliteMediaStash } from './media-stash.js';
import { createSqliteMessageStore } from './message-store.js';
import { createSqliteOutbox } from './outbox.js';
import { createSqliteJournal } from './journal.js';
import { createSqliteMemos } from './memos.js';
import { migrate } from './migrate.js';
import { createSqliteSessionStore } from './session-store.js';
import type { StorageError } from './storage-error.js';

/** Everything the gateway keeps, on one machine. */
export interface EmbeddedStore {
  instances: InstanceRepository;
  webhooks: WebhookRepository;
  apiKeys: ApiKeyRepository;
  sessions: SessionStore;
  journal: ReceiveJournal;
  memos: CiphertextMemos;
  messages: MessageStore;
  outbox: Outbox;
  stash: MediaStash;
  deliveries: DeliveryStore;
  /** Finishes what is under way and gives the data directory free. Idempotent. */
  close(): Promise<void>;
}

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
  /** Epoch milliseconds, for the ledger of migrations. */
  now?: () => number;
}

const DATABASE_FILE = 'chasqui.db';
const BUSY_TIMEOUT_MS = 5000;

/**
 * Opens the embedded store: takes the data directory, makes or migrates `chasqui.db`, and opens its two ways in, Prisma for what a
 * person waits for and a thread of its own for what every message needs.
 * @throws StorageError `DATA_DIR_LOCKED`, those of `migrate`, or SQLite's code; nothing stays open then
 */
export async function openEmbeddedStore(options: EmbeddedStoreOptions): Promise<EmbeddedStore> {
  const { onFatal, lockWaitMs, synchronous, sessionCacheBytes, now = Date.now } = options;
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
    const prisma = openPrismaOnSqlite(path, BUSY_TIMEOUT_MS);
    closers.push(() => prisma.$disconnect());
    const database = createDatabase({ path, busyTimeoutMs: BUSY_TIMEOUT_MS, synchronous, onFatal });
    closers.push(() => database.stop());
    await Promise.all([prisma.$connect(), database.start()]);
    return {
      instances: createPrismaInstanceRepository(prisma),
      webhooks: createPrismaWebhookRepository(prisma),
      apiKeys: createPrismaApiKeyRepository(prisma),
      sessions: createCachedSessionStore(createSqliteSessionStore(database), { maxBytes: sessionCacheBytes }),
      journal: createSqliteJournal(database),
      memos: createSqliteMemos(database),
      messages: createSqliteMessageStore(database),
      outbox: createSqliteOutbox(database),
      stash: createSqliteMediaStash(database),
      deliveries: createSqliteDeliveryStore(database),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function migrateFile(path: string, now: number): void {
  const connection = openConnection(path, BUSY_TIMEOUT_MS);
  try {
    migrate(connection, migrations, now);
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
