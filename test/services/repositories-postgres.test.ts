import { sealRepositories } from '@gateway/adapters/crypto/sealed-repositories.js';
import { createPostgresDatabase } from '@gateway/adapters/postgres/database.js';
import { postgresDialect } from '@gateway/adapters/postgres/dialect.js';
import { openPrismaOnPostgres } from '@gateway/adapters/prisma/client.js';
import { createPatience } from '@gateway/adapters/prisma/patience.js';
import { createPostgresRepositories } from '@gateway/adapters/prisma/repositories.js';
import { createSystemClock } from '@gateway/adapters/system/clock.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  describeApiKeyRepositoryContract, describeInstanceRepositoryContract, describeSettingRepositoryContract, describeSharedInstanceRepositoryContract, describeWebhookRepositoryContract,
  type OpenSharedRepositories,
} from '../contracts/repositories.contract';
import { NOW, webhook } from '../contracts/support/samples';
import { openTestVault } from '../contracts/support/vault';
import { collectingLogger } from '../support/logger';
import { startPostgres, type TestPostgres } from '../support/postgres-server';
import { until } from '../support/until';
import { migratedDatabases } from './support/migrated-databases';

let postgres: TestPostgres;
let makeDatabase: () => Promise<string>;
beforeAll(async () => {
  postgres = await startPostgres();
  makeDatabase = await migratedDatabases(postgres);
});
afterAll(() => postgres?.remove());

async function open({ timeoutMs = 5_000, patienceMs = 5_000 } = {}): Promise<OpenSharedRepositories & { url: string }> {
  const url = await makeDatabase();
  const prisma = openPrismaOnPostgres({ url, timeoutMs });
  return {
    ...createPostgresRepositories(prisma, createPatience(patienceMs)),
    url,
    async takeOver(instanceId, epoch) {
      await postgres.query('INSERT INTO "Lease" VALUES ($1, \'node\', $2, 0) ON CONFLICT ("instanceId") DO UPDATE SET epoch = excluded.epoch', [instanceId, epoch], url);
    },
    close: () => prisma.$disconnect(),
  };
}

describeInstanceRepositoryContract('Prisma on PostgreSQL', open);
describeSharedInstanceRepositoryContract('Prisma on PostgreSQL', open);
describeWebhookRepositoryContract('Prisma on PostgreSQL', open);
describeWebhookRepositoryContract('Prisma on PostgreSQL, sealed', async () => {
  const opened = await open();
  const database = createPostgresDatabase({ url: opened.url, clock: createSystemClock(), logger: collectingLogger([]) });
  await database.start();
  const vault = await openTestVault(database, postgresDialect('any'));
  return { ...sealRepositories(opened, vault), close: async () => { await vault.stop(); await database.stop(); await opened.close(); } };
});
describeApiKeyRepositoryContract('Prisma on PostgreSQL', open);
describeSettingRepositoryContract('Prisma on PostgreSQL', open);

const one = { instanceId: 'one', name: 'one', settings: { sendIntervalMs: 1, recipientIntervalMs: 2 } };

describe('the repositories on PostgreSQL', () => {
  it('have limits of time that the server keeps, too: for a process that is paused', async () => {
    const prisma = openPrismaOnPostgres({ url: await makeDatabase() });
    expect(await prisma.$queryRaw`SELECT name, setting FROM pg_settings WHERE name IN ('statement_timeout', 'idle_in_transaction_session_timeout') ORDER BY name`).toEqual([{ name: 'idle_in_transaction_session_timeout', setting: '5000' }, { name: 'statement_timeout', setting: '5000' }]);
    await prisma.$disconnect();
  });

  it('hold a takeover up while a change of the owner is under way, and refuse it after', async () => {
    const opened = await open();
    await opened.instances.create(one, NOW);
    await opened.takeOver('one', 1);
    // Somebody has the instance's row, so that the change waits with the lease in its hands.
    const blocker = postgres.query("BEGIN; SELECT 1 FROM \"Instance\" FOR UPDATE; SELECT pg_sleep(0.5); COMMIT", undefined, opened.url);
    await until('the row is taken', () => isWaitingFor('PgSleep'));
    const change = opened.instances.update('one', { name: 'in time' }, NOW, 1);
    await until('the change waits', () => isWaitingFor('transactionid'));
    await opened.takeOver('one', 2);
    expect((await opened.instances.find('one'))?.name).toBe('in time');
    await change;
    await blocker;
    await expect(opened.instances.update('one', { name: 'late' }, NOW, 1)).rejects.toMatchObject({ code: 'instance_unowned' });
    await opened.close();
  });

  it('go on over a restart, for what may run twice and for what was not begun', async () => {
    const opened = await open();
    await opened.instances.create(one, NOW);
    await postgres.stop();
    const waiting = [
      opened.instances.update('one', { name: 'after' }, NOW), opened.instances.find('one'), opened.instances.list(), opened.apiKeys.count(), opened.settings.getOrPut('a', () => 'b'),
      opened.instances.create({ ...one, instanceId: 'two' }, NOW), opened.webhooks.create(webhook('w1')),
    ];
    await postgres.start();
    await Promise.all(waiting);
    expect((await opened.instances.list()).map(({ name }) => name).sort()).toEqual(['after', 'one']);
    await opened.close();
  });

  it('say that the database is away, after the time that they wait for it', async () => {
    const opened = await open({ patienceMs: 300, timeoutMs: 300 });
    await opened.instances.create(one, NOW);
    const away = { name: 'DomainError', code: 'store_unavailable', message: 'The database cannot be reached at the moment.' };
    const expectAway = async (): Promise<void> => {
      const started = performance.now();
      const calls = [opened.instances.find('one'), opened.instances.update('one', {}, NOW, 1), opened.webhooks.remove('one', 'w'), opened.apiKeys.findByHash('x')];
      for (const call of await Promise.allSettled(calls)) expect(call).toMatchObject({ status: 'rejected', reason: away });
      expect(performance.now() - started).toBeLessThan(3_000);
    };
    for (const end of [() => postgres.stop(), () => postgres.kill()]) {
      await end();
      await expectAway();
      await postgres.start();
      expect(await opened.instances.list()).toHaveLength(1);
    }
    await opened.close();
  });

  it('end a call that a frozen server does not answer, and go on when it answers again', async () => {
    const opened = await open({ patienceMs: 300, timeoutMs: 300 });
    await opened.instances.create(one, NOW);
    postgres.freeze();
    const calls = [opened.instances.find('one'), opened.instances.update('one', {}, NOW, 1)];
    for (const call of await Promise.allSettled(calls)) expect(call).toMatchObject({ status: 'rejected', reason: { code: 'store_unavailable' } });
    postgres.resume();
    expect(await opened.instances.list()).toHaveLength(1);
    await opened.close();
  });

  it.each(['57P01', 'killed'])('say that a change may have been made, if the connection was lost meanwhile: %s', async how => {
    // However long the server takes to be back.
    const opened = await open({ patienceMs: 30_000 });
    await opened.instances.create(one, NOW);
    // The statement waits for the table; the connection ends under it.
    const blocker = postgres.query('BEGIN; LOCK TABLE "Webhook"; SELECT pg_sleep(60)', undefined, opened.url).catch(() => undefined);
    await until('the table is taken', () => isWaitingFor('PgSleep'));
    const create = opened.webhooks.create(webhook('w1')).catch((error: unknown) => error);
    const list = opened.webhooks.list('one');
    await until('both wait', async () => (await postgres.query("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'relation'")).length === 2);
    if (how === 'killed') {
      await postgres.kill();
      await postgres.start();
    } else {
      await postgres.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event IN ('relation', 'PgSleep')");
    }
    await blocker;
    expect(await create).toMatchObject({ code: 'store_unavailable', message: expect.stringContaining('may have been done') as string });
    expect(await list).toEqual([]);
    await opened.close();
  });

  it('say that the database is away when all connections are busy for too long', async () => {
    const opened = await open({ patienceMs: 100, timeoutMs: 300 });
    const blocker = postgres.query('BEGIN; LOCK TABLE "ApiKey"; SELECT pg_sleep(1)', undefined, opened.url);
    await until('the table is taken', () => isWaitingFor('PgSleep'));
    const calls = Array.from({ length: 12 }, () => opened.apiKeys.count());
    for (const call of await Promise.allSettled(calls)) expect(call).toMatchObject({ status: 'rejected', reason: { code: 'store_unavailable' } });
    await blocker;
    expect(await opened.apiKeys.count()).toBe(0);
    await opened.close();
  });
});

async function isWaitingFor(event: string): Promise<boolean> {
  return (await postgres.query('SELECT 1 FROM pg_stat_activity WHERE wait_event = $1', [event])).length > 0;
}
