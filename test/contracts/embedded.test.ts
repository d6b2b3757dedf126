import { createCachedSessionStore } from '@gateway/adapters/memory/cached-session-store.js';
import { createSealedSessionStore } from '@gateway/adapters/crypto/sealed-session-store.js';
import { createMemorySendQueue } from '@gateway/adapters/memory/send-queue.js';
import { createMemoryStatusBoard } from '@gateway/adapters/memory/status-board.js';
import { createSessionStore } from '@gateway/adapters/sql/session-store.js';
import { sqliteDialect } from '@gateway/adapters/sqlite/dialect.js';
import { createSystemClock } from '@gateway/adapters/system/clock.js';
import { describeAuditLogContract } from './audit-log.contract';
import { describeBackupStoreContract } from './backup-store.contract';
import { describeConnectionHistoryContract } from './connection-history.contract';
import { describeDeliveryStoreContract } from './delivery-store.contract';
import { describeJournalContract } from './journal.contract';
import { describeMessageStoreContract } from './message-store.contract';
import { describeOutboxContract } from './outbox.contract';
import { describeApiKeyRepositoryContract, describeInstanceRepositoryContract, describeSettingRepositoryContract, describeWebhookRepositoryContract } from './repositories.contract';
import { describeSendQueueContract } from './send-queue.contract';
import { describeSessionStoreContract } from './session-store.contract';
import { describeStatusBoardContract } from './status-board.contract';
import { describeStoreStatsContract } from './store-stats.contract';
import { openTestDatabase } from './support/database';
import { openTestStore } from './support/embedded';
import { seedWebhooks } from './support/samples';
import { openTestVault } from './support/vault';

const openSeeded = async () => {
  const store = await openTestStore();
  return { ...store, seed: (ids: string[] = ['hook']) => seedWebhooks(store, ids) };
};

describeInstanceRepositoryContract('Prisma on SQLite', openTestStore);
describeWebhookRepositoryContract('Prisma on SQLite', openTestStore);
describeApiKeyRepositoryContract('Prisma on SQLite', openTestStore);
describeSettingRepositoryContract('Prisma on SQLite', openTestStore);
describeMessageStoreContract('SQLite', openSeeded);
describeJournalContract('SQLite', openTestStore);
describeBackupStoreContract('SQLite', openTestStore);
describeConnectionHistoryContract('SQLite', openTestStore);
describeOutboxContract('SQLite', openTestStore);
describeDeliveryStoreContract('SQLite', openSeeded);
describeAuditLogContract('SQLite', openTestStore);
describeStoreStatsContract('SQLite', openSeeded);
describeStatusBoardContract('memory', async () => ({ board: createMemoryStatusBoard(createSystemClock()), close: async () => undefined }));
describeSendQueueContract('memory', async logger => {
  const queue = createMemorySendQueue({ clock: createSystemClock(), logger });
  return { queue, close: () => queue.stop() };
});

describeSessionStoreContract('SQLite', async () => {
  const { database, close } = await openTestDatabase();
  return { store: createSessionStore(database, sqliteDialect), close };
});
describeSessionStoreContract('SQLite, sealed', async () => {
  const { database, close } = await openTestDatabase();
  return { store: createSealedSessionStore(createSessionStore(database, sqliteDialect), await openTestVault(database, sqliteDialect)), close };
});
describeSessionStoreContract('SQLite, sealed, behind the cache', async () => {
  const { database, close } = await openTestDatabase();
  return { store: createCachedSessionStore(createSealedSessionStore(createSessionStore(database, sqliteDialect), await openTestVault(database, sqliteDialect))), close };
});
describeSessionStoreContract('SQLite behind the cache', async () => {
  const { database, close } = await openTestDatabase();
  return { store: createCachedSessionStore(createSessionStore(database, sqliteDialect)), close };
});
describeSessionStoreContract('SQLite behind a cache with room for two keys', async () => {
  const { database, close } = await openTestDatabase();
  return { store: createCachedSessionStore(createSessionStore(database, sqliteDialect), { maxBytes: 600 }), close };
});
