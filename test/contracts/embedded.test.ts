import { createCachedSessionStore } from '@gateway/adapters/memory/cached-session-store.js';
import { createMemorySendQueue } from '@gateway/adapters/memory/send-queue.js';
import { createMemoryStatusBoard } from '@gateway/adapters/memory/status-board.js';
import { createSqliteSessionStore } from '@gateway/adapters/sqlite/session-store.js';
import { createSystemClock } from '@gateway/adapters/system/clock.js';
import { describeDeliveryStoreContract } from './delivery-store.contract';
import { describeJournalContract } from './journal.contract';
import { describeMessageStoreContract } from './message-store.contract';
import { describeOutboxContract } from './outbox.contract';
import { describeApiKeyRepositoryContract, describeInstanceRepositoryContract, describeWebhookRepositoryContract } from './repositories.contract';
import { describeSendQueueContract } from './send-queue.contract';
import { describeSessionStoreContract } from './session-store.contract';
import { describeStatusBoardContract } from './status-board.contract';
import { openTestDatabase } from './support/database';
import { openTestStore } from './support/embedded';
import { seedWebhooks } from './support/samples';

const openSeeded = async () => {
  const store = await openTestStore();
  return { ...store, seed: (ids: string[] = ['hook']) => seedWebhooks(store, ids) };
};

describeInstanceRepositoryContract('Prisma on SQLite', openTestStore);
describeWebhookRepositoryContract('Prisma on SQLite', openTestStore);
describeApiKeyRepositoryContract('Prisma on SQLite', openTestStore);
describeMessageStoreContract('SQLite', openSeeded);
describeJournalContract('SQLite', openTestStore);
describeOutboxContract('SQLite', openTestStore);
describeDeliveryStoreContract('SQLite', openSeeded);
describeStatusBoardContract('memory', async () => ({ board: createMemoryStatusBoard(), close: async () => undefined }));
describeSendQueueContract('memory', async logger => {
  const queue = createMemorySendQueue({ clock: createSystemClock(), logger });
  return { queue, close: () => queue.stop() };
});

describeSessionStoreContract('SQLite', async () => {
  const { database, close } = await openTestDatabase();
  return { store: createSqliteSessionStore(database), close };
});
describeSessionStoreContract('SQLite behind the cache', async () => {
  const { database, close } = await openTestDatabase();
  return { store: createCachedSessionStore(createSqliteSessionStore(database)), close };
});
describeSessionStoreContract('SQLite behind a cache with room for two keys', async () => {
  const { database, close } = await openTestDatabase();
  return { store: createCachedSessionStore(createSqliteSessionStore(database), { maxBytes: 600 }), close };
});
