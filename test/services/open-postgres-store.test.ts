import { openPostgresStore } from '@gateway/adapters/postgres/open-postgres-store.js';
import { DEFAULT_SETTINGS } from '@gateway/domain/instances/instance.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { delivery, incoming, NOW, seedWebhooks, utf8 } from '../contracts/support/samples';
import { MASTER_KEY } from '../contracts/support/vault';
import { collectingLogger } from '../support/logger';
import { startPostgres, type TestPostgres } from '../support/postgres-server';
import { until } from '../support/until';

let postgres: TestPostgres;
beforeAll(async () => { postgres = await startPostgres(); });
afterAll(() => postgres?.remove());

const open = (url: string, nodeId: string) => openPostgresStore({ url, nodeId, encryptionKey: MASTER_KEY, logger: collectingLogger([]) });
const connections = async (): Promise<number> => Number((await postgres.query("SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name LIKE 'chasqui%'"))[0]?.n);

describe('the store on PostgreSQL', () => {
  it('is made by whichever node comes first, and shared by all; each takes care of what it owns', async () => {
    const url = await postgres.database();
    const [a, b] = await Promise.all([open(url, 'a'), open(url, 'b')]);
    await seedWebhooks(a, ['hook']);
    await postgres.query(`INSERT INTO "Lease" VALUES ('one', 'b', 1, 0)`, [], url);
    expect(await a.messages.recordIncoming(incoming('m1'), [delivery('d1')])).toBe(true);
    expect((await b.messages.find('one', 'm1'))?.direction).toBe('in');
    const due = { limit: 9, perWebhook: 9, exclude: [] };
    expect([await a.deliveries.due(NOW, due), (await b.deliveries.due(NOW, due)).map(({ id }) => id)]).toEqual([[], ['d1']]);
    expect((await b.instances.find('one'))?.settings).toEqual(DEFAULT_SETTINGS);
    await Promise.all([a.close(), b.close()]);
    await a.close();
    await until('no connection is left', async () => await connections() === 0);
  });

  it('reads a session anew when a tenure begins', async () => {
    const url = await postgres.database();
    const [a, b] = [await open(url, 'a'), await open(url, 'b')];
    await seedWebhooks(a, []);
    await postgres.query(`INSERT INTO "Lease" VALUES ('one', 'a', 1, 0)`, [], url);
    const takeOver = () => postgres.query('UPDATE "Lease" SET epoch = epoch + 1', [], url);
    const read = async (store: typeof a): Promise<string> => Buffer.from((await store.sessions.readKeys('one', 'session', ['k'])).get('k') ?? []).toString();
    await a.sessions.commit({ instanceId: 'one', epoch: 1 }, { keys: [{ type: 'session', id: 'k', value: utf8('first') }] });
    await takeOver();
    b.beginTenure('one');
    expect(await read(b)).toBe('first');
    await b.sessions.commit({ instanceId: 'one', epoch: 2 }, { keys: [{ type: 'session', id: 'k', value: utf8('second') }] });
    await expect(a.sessions.commit({ instanceId: 'one', epoch: 1 }, { credentials: utf8('late') })).rejects.toMatchObject({ code: 'instance_unowned' });
    await takeOver();
    // What it remembers is of its first tenure.
    expect(await read(a)).toBe('first');
    a.beginTenure('one');
    expect(await read(a)).toBe('second');
    await Promise.all([a.close(), b.close()]);
  });

  it('leaves nothing open when it cannot be opened', async () => {
    await expect(open(postgres.url.replace(/postgres$/, 'nowhere'), 'a')).rejects.toMatchObject({ name: 'StorageError', code: '3D000' });
    expect(await connections()).toBe(0);
  });
});
