import { openPostgresStore } from '@gateway/adapters/postgres/open-postgres-store.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOW, seedWebhooks, utf8 } from '../contracts/support/samples';
import { MASTER_KEY, OTHER_MASTER_KEY } from '../contracts/support/vault';
import { collectingLogger } from '../support/logger';
import { startPostgres, type TestPostgres } from '../support/postgres-server';
import { startProcess } from '../support/processes';
import { until } from '../support/until';
import { migratedDatabases } from './support/migrated-databases';

let postgres: TestPostgres;
let makeDatabase: () => Promise<string>;
beforeAll(async () => {
  postgres = await startPostgres();
  makeDatabase = await migratedDatabases(postgres);
});
afterAll(() => postgres?.remove());

const KEYS = Array.from({ length: 300 }, (_, index) => `k${index}`);
const complaints: Record<string, unknown>[] = [];
const open = (url: string, nodeId: string, encryptionKey = MASTER_KEY) => openPostgresStore({ url, nodeId, encryptionKey, logger: collectingLogger(complaints) });

describe('the vault on PostgreSQL', { timeout: 60_000 }, () => {
  it('seals what was there, and changes both keys beside a session that goes on, node by node', async () => {
    const url = await makeDatabase();
    await postgres.query('INSERT INTO "SessionCredentials" VALUES ($1, $2)', ['one', Buffer.from('{"old":1}')], url);
    const [a, b] = await Promise.all([open(url, 'a'), open(url, 'b')]);
    expect(Buffer.from(await b.sessions.readCredentials('one') ?? []).toString()).toBe('{"old":1}');
    await seedWebhooks(a, ['hook']);
    await postgres.query('INSERT INTO "Lease" VALUES (\'one\', \'a\', 1, 0)', [], url);
    await a.settings.getOrPut('link-secret', () => 'the secret of links');
    const tenure = { instanceId: 'one', epoch: 1 };
    await a.sessions.commit(tenure, { credentials: utf8('credentials'), keys: KEYS.map(id => ({ type: 'session', id, value: utf8(`0 of ${id}`) })) });

    let [writing, round] = [true, 0];
    const live = (async () => {
      while (writing) {
        round += 1;
        await a.sessions.commit(tenure, { keys: KEYS.slice(0, 50).map(id => ({ type: 'session', id, value: utf8(`${round} of ${id}`) })) });
      }
    })();
    const rotation = await b.vault.rotate(OTHER_MASTER_KEY);
    writing = false;
    await live;
    expect(rotation).toMatchObject({ dataKey: 2, keyFileReplaced: false });
    const heads = await postgres.query('SELECT DISTINCT encode(substr(value, 1, 6), \'hex\') AS head FROM (SELECT value FROM "SignalKey" UNION ALL SELECT value FROM "SessionCredentials") AS v', [], url);
    expect(heads).toEqual([{ head: 'c50100000002' }]);
    expect(await postgres.query('SELECT secret, headers FROM "Webhook"', [], url)).toEqual([{ secret: expect.stringMatching(/^sealed:2:/) as string, headers: expect.stringMatching(/^\{"":"sealed:2:/) as string }]);

    const c = await open(url, 'c', OTHER_MASTER_KEY);
    for (const store of [b, c]) {
      const values = await store.sessions.readKeys('one', 'session', KEYS);
      expect(KEYS.map(id => Buffer.from(values.get(id) ?? []).toString())).toEqual(KEYS.map((id, index) => `${index < 50 ? round : 0} of ${id}`));
      expect((await store.webhooks.find('one', 'hook'))?.secret).toBe('whsec_c2VjcmV0');
      expect(await store.settings.getOrPut('link-secret', () => 'another')).toBe('the secret of links');
    }
    await expect(a.vault.finish()).rejects.toMatchObject({ code: 'rotation_pending' });
    expect(await c.vault.finish()).toEqual([a.vault.masterKey]);
    await expect(open(url, 'd')).rejects.toMatchObject({ code: 'ENCRYPTION_KEY_WRONG' });
    await until('the key before is retired', async () => (await c.vault.status()).dataKeys.every(({ id, retiredAt }) => (retiredAt === null) === (id === 2)));
    await Promise.all([a, b, c].map(store => store.close()));
    expect(complaints).toEqual([]);
  });

  it('seals nothing beside nodes that could not read it', async () => {
    const url = await makeDatabase();
    await postgres.query('INSERT INTO "SessionCredentials" VALUES ($1, $2)', ['one', Buffer.from('{}')], url);
    await postgres.query('INSERT INTO "Node" ("nodeId", "startedAt", "seenAt", draining, report) VALUES (\'old\', $1, extract(epoch FROM clock_timestamp()) * 1000, false, \'{}\')', [NOW], url);
    await expect(open(url, 'a')).rejects.toMatchObject({ code: 'NODES_OF_EARLIER_RELEASE' });
    expect(await postgres.query('SELECT count(*)::int AS keys FROM "DataKey"', [], url)).toEqual([{ keys: 0 }]);
  });

  it('is refused without a key, with a sentence that says how to make one', async () => {
    const gateway = startProcess('src/main.js', { PORT: '0', DATABASE_URL: await makeDatabase(), WHATSAPP_NETWORK: 'sandbox' });
    expect(await gateway.ended).toBe(1);
    expect(gateway.output()).toMatch(/^chasqui could not start: CHASQUI_ENCRYPTION_KEY is missing.*openssl rand -base64 32/m);
  });
});
