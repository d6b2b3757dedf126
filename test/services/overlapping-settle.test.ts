import { createPostgresRepositories } from '@gateway/adapters/prisma/repositories.js';
import { openPrismaOnPostgres } from '@gateway/adapters/prisma/client.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { delivery, NOW, seedWebhooks } from '../contracts/support/samples';
import { startPostgres, type TestPostgres } from '../support/postgres-server';
import { until } from '../support/until';
import { migratedDatabases } from './support/migrated-databases';
import { openPostgresStores } from './support/postgres-stores';

let postgres: TestPostgres;
beforeAll(async () => { postgres = await startPostgres(); });
afterAll(() => postgres?.remove());

test('a delivery that is committed while the one before it in its lane is being settled is not passed over', async () => {
  const url = await (await migratedDatabases(postgres))();
  const prisma = openPrismaOnPostgres({ url });
  const stores = await openPostgresStores(postgres, url);
  try {
    await seedWebhooks(createPostgresRepositories(prisma), ['hook']);
    await stores.own(['one']);
    await stores.deliveries.insert([delivery('first')]);
    // Makes the commit of a settled delivery last: everything in the transaction has run by then.
    await stores.query('CREATE FUNCTION dawdle() RETURNS trigger AS $$ BEGIN PERFORM pg_sleep(1.5); RETURN NULL; END $$ LANGUAGE plpgsql');
    await stores.query('CREATE CONSTRAINT TRIGGER dawdle AFTER UPDATE ON "Delivery" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION dawdle()');

    const settled = stores.deliveries.settle('first', { state: 'delivered', attempts: 1, at: NOW });
    await until('it commits', async () => (await stores.query(`SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'`)).length === 1);
    await stores.deliveries.insert([delivery('second')]);
    // Whoever is woken by the insertion still finds the first at the head of the lane.
    const due = await stores.deliveries.due(NOW, { limit: 10, perWebhook: 10, exclude: [] });
    expect(due.map(({ id }) => id)).toEqual(['first']);
    expect((await settled)?.id).toBe('second');
  } finally {
    await stores.close();
    await prisma.$disconnect();
  }
});
