import { createCachedSessionStore } from '@gateway/adapters/memory/cached-session-store.js';
import { createSealedSessionStore } from '@gateway/adapters/crypto/sealed-session-store.js';
import { postgresDialect } from '@gateway/adapters/postgres/dialect.js';
import { openPrismaOnPostgres } from '@gateway/adapters/prisma/client.js';
import { createPostgresRepositories } from '@gateway/adapters/prisma/repositories.js';
import { afterAll, beforeAll } from 'vitest';
import { describeAuditLogContract } from '../contracts/audit-log.contract';
import { describeBackupStoreContract } from '../contracts/backup-store.contract';
import { describeConnectionHistoryContract } from '../contracts/connection-history.contract';
import { describeDeliveryStoreContract } from '../contracts/delivery-store.contract';
import { describeJournalContract } from '../contracts/journal.contract';
import { describeMessageStoreContract } from '../contracts/message-store.contract';
import { describeOutboxContract } from '../contracts/outbox.contract';
import { describeSessionStoreContract } from '../contracts/session-store.contract';
import { describeStoreStatsContract } from '../contracts/store-stats.contract';
import { seedWebhooks } from '../contracts/support/samples';
import { openTestVault } from '../contracts/support/vault';
import { startPostgres, type TestPostgres } from '../support/postgres-server';
import { migratedDatabases } from './support/migrated-databases';
import { openPostgresStores } from './support/postgres-stores';

let postgres: TestPostgres;
let makeDatabase: () => Promise<string>;
beforeAll(async () => {
  postgres = await startPostgres();
  makeDatabase = await migratedDatabases(postgres);
});
afterAll(() => postgres?.remove());

const open = async () => openPostgresStores(postgres, await makeDatabase());

/** As the node that owns the instances that the suites write for. */
async function openOwned() {
  const opened = await open();
  await opened.own(['one', 'two', 'never there']);
  return opened;
}

async function openSeeded() {
  const opened = await open();
  const prisma = openPrismaOnPostgres({ url: opened.url });
  const repositories = createPostgresRepositories(prisma);
  return {
    ...opened,
    webhooks: repositories.webhooks,
    async seed(ids: string[] = ['hook']) {
      await seedWebhooks(repositories, ids);
      await opened.own(['one', 'two']);
    },
    async close() {
      await prisma.$disconnect();
      await opened.close();
    },
  };
}

describeMessageStoreContract('PostgreSQL', openSeeded);
describeJournalContract('PostgreSQL', openOwned);
describeBackupStoreContract('PostgreSQL', openOwned);
describeConnectionHistoryContract('PostgreSQL', openOwned);
describeOutboxContract('PostgreSQL', openOwned);
describeDeliveryStoreContract('PostgreSQL', openSeeded);
describeAuditLogContract('PostgreSQL', open);
describeStoreStatsContract('PostgreSQL', openSeeded);
describeSessionStoreContract('PostgreSQL', async () => {
  const { sessions, close } = await openOwned();
  return { store: sessions, close };
});
describeSessionStoreContract('PostgreSQL, sealed, behind the cache', async () => {
  const { sessions, database, close } = await openOwned();
  const vault = await openTestVault(database, postgresDialect('any'), { shared: true });
  return { store: createCachedSessionStore(createSealedSessionStore(sessions, vault)), close: async () => { await vault.stop(); await close(); } };
});
describeSessionStoreContract('PostgreSQL behind the cache', async () => {
  const { sessions, close } = await openOwned();
  return { store: createCachedSessionStore(sessions), close };
});
