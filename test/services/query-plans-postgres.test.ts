import { postgresDialect } from '@gateway/adapters/postgres/dialect.js';
import { createPool } from '@gateway/adapters/postgres/pool.js';
import type { Database, SqlValue } from '@gateway/adapters/sql/database.js';
import { createSqlStores } from '@gateway/adapters/sql/sql-stores.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { delivery, incoming, NOW, outgoing, utf8 } from '../contracts/support/samples';
import { startPostgres, type TestPostgres } from '../support/postgres-server';
import { migratedDatabases } from './support/migrated-databases';
import { openPostgresStores, type OpenPostgresStores } from './support/postgres-stores';

/** 300 instances of three nodes, 20,000 sessions; 20,000 deliveries that wait in 1,000 lanes, and 100,000 that do not; 120,000 messages. */
const FILL = [
  `INSERT INTO "Instance" ("instanceId", name, status, reason, active, settings, "createdAt", "updatedAt") SELECT 'i' || n, '', 'X', 'x', true, '{}', 0, 0 FROM generate_series(1, 300) n`,
  `INSERT INTO "Lease" SELECT 'i' || n, 'node ' || n % 3, 1, 0 FROM generate_series(1, 300) n`,
  `INSERT INTO "Webhook" (id, "instanceId", url, events, secret, headers, enabled, "createdAt", "updatedAt") SELECT 'w' || n, 'i' || n, '', '[]', '', '{}', true, 0, 0 FROM generate_series(1, 300) n`,
  `INSERT INTO "Delivery" (id, "webhookId", "instanceId", "eventId", "eventType", lane, body, state, attempts, "nextAttemptAt", "createdAt")
    SELECT 'd' || n, 'w' || n % 100 + 1, 'i' || n % 100 + 1, 'e' || n, 'message.received', 'lane ' || n / 100 % 10, repeat('x', 300),
      CASE WHEN n <= 20000 THEN 'pending' WHEN n % 50 = 0 THEN 'dead' ELSE 'delivered' END, 0, n, n FROM generate_series(1, 120000) n`,
  `INSERT INTO "Message" ("instanceId", "chatId", direction, "messageId", party, type, state, attempts, timestamp, "createdAt", "dueAt", "expiresAt")
    SELECT 'i' || n % 300 + 1, 'chat' || n % 5000, CASE WHEN n % 2 = 0 THEN 'in' ELSE 'out' END, 'm' || n, 'p', 'text',
      CASE WHEN n % 2 = 0 THEN NULL WHEN n % 101 = 0 THEN 'queued' WHEN n % 997 = 0 THEN 'sending' WHEN n % 331 = 0 THEN 'failed' ELSE 'sent' END,
      0, n, n, n, n + 1000 FROM generate_series(1, 120000) n`,
  `INSERT INTO "SignalKey" SELECT 'i' || n % 300 + 1, CASE WHEN n % 2 = 0 THEN 'session' ELSE 'pre-key' END, 'k' || n, '\\x01' FROM generate_series(1, 60000) n`,
  `INSERT INTO "JournalEntry" ("instanceId", hash, "messageId", sender, plaintext, "doneAt", "createdAt")
    SELECT 'i' || n % 300 + 1, 'h' || n, 'm' || n, 's', '\\x01', CASE WHEN n % 1000 = 0 THEN NULL ELSE n END, n FROM generate_series(1, 60000) n`,
  `INSERT INTO "CiphertextMemo" SELECT 'i' || n % 300 + 1, 'm' || n, 'j', 'msg', '\\x01', n FROM generate_series(1, 20000) n`,
  `INSERT INTO "StashedMedia" SELECT 'i' || n % 300 + 1, 'm' || n, 0, '\\x01', n FROM generate_series(1, 20000) n`,
  `INSERT INTO "SessionCredentials" SELECT 'i' || n, '\\x01' FROM generate_series(1, 20000) n`,
];

const BIG = /Seq Scan on "(Delivery|Message|SignalKey|JournalEntry|StashedMedia|CiphertextMemo|SessionCredentials|AuditEntry)"/;
const tenure = { instanceId: 'i7', epoch: 1 };

let postgres: TestPostgres;
let opened: OpenPostgresStores;
let pool: ReturnType<typeof createPool>;
beforeAll(async () => {
  postgres = await startPostgres();
  opened = await openPostgresStores(postgres, await (await migratedDatabases(postgres))());
  pool = createPool({ url: opened.url, maxConnections: 1 });
  for (const sql of FILL) await opened.query(sql);
});
afterAll(async () => {
  await pool?.end();
  await opened?.close();
  await postgres?.remove();
});

/** The plan for any values, as a prepared statement comes to use it. */
async function explain(sql: string, params: SqlValue[]): Promise<string[]> {
  const values = params.map(value => (value === null ? 'NULL' : `'${value instanceof Uint8Array ? '\\x01' : String(value).replaceAll("'", "''")}'`)).join(', ');
  const client = await pool.connect();
  try {
    await client.query(`BEGIN READ WRITE; SET LOCAL plan_cache_mode = force_generic_plan; PREPARE one AS ${sql}`);
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN (COSTS OFF) EXECUTE one${values && `(${values})`}`);
    return rows.map(row => row['QUERY PLAN']);
  } finally {
    await client.query('ROLLBACK; DEALLOCATE ALL');
    client.release();
  }
}

/** The stores, with a note of the plan of every statement they give. */
function explaining() {
  const plans = new Map<string, string[]>();
  const note = async (sql: string, params: SqlValue[] = []): Promise<void> => void (plans.has(sql) || plans.set(sql, await explain(sql, params)));
  const database: Database = {
    ...opened.database,
    async read(sql, params) {
      await note(sql, params);
      return opened.database.read(sql, params);
    },
    async write(unit, options) {
      for (const { sql, params } of unit) await note(sql, params);
      return opened.database.write(unit, options);
    },
  };
  return { plans, ...createSqlStores(database, postgresDialect('node 1')) };
}

describe.each([['without statistics', 'SELECT 1'], ['with statistics', 'ANALYZE']])('query plans on PostgreSQL, %s', (_, prepare) => {
  beforeAll(() => opened.query(prepare));

  it('never read a whole table, for any statement of the hot path', async () => {
    const { plans, sessions, journal, memos, messages, outbox, deliveries, stash, stats } = explaining();
    await sessions.commit(tenure, {
      credentials: new Uint8Array(1), keys: [{ type: 'session', id: 'a', value: new Uint8Array(1) }, { type: 'session', id: 'b', value: null }],
      journal: [{ hash: 'h1', messageId: 'm1', sender: 'x', stanza: utf8('s'), plaintext: utf8('p'), createdAt: NOW }], memos: [{ messageId: 'm1', jid: 'x', type: 'msg', ciphertext: utf8('c'), createdAt: NOW }],
    });
    await sessions.readCredentials('i7');
    await sessions.readKeys('i7', 'session', ['k6', 'k306']);
    await journal.findPlaintext('i7', ['h1', 'h2']);
    await journal.listUndone('i7', 0, 5);
    await journal.markDone(tenure, ['h1'], NOW);
    await journal.prune(5, 5);
    await memos.find('i7', 'm1', ['x', 'y']);
    await sessions.purge({ instanceId: 'i8', epoch: 1 });

    await messages.insertOutgoing(outgoing('new', { instanceId: 'i7', idempotency: { key: prepare, requestHash: 'h' }, chatId: prepare }));
    await messages.findByKey('i7', 'k', 0);
    await messages.recordIncoming(incoming('in', { instanceId: 'i7', chatId: prepare }), [delivery(`e ${prepare}`, { webhookId: 'w7', instanceId: 'i7' })], { otherChatId: 'y', otherParty: 'z', journaled: ['h1'] });
    for (const to of ['sending', 'sent', 'delivered', 'read', 'played', 'failed', 'cancelled'] as const) await messages.advance({ instanceId: 'i7', messageId: 'm7', to, at: NOW }, []);
    await messages.markAttempt(tenure, 'm7', 1);
    await messages.find('i7', 'm7');
    for (const filter of [{}, { cursor: 9 }, { chatId: 'x' }, { direction: 'in' as const }, { chatId: 'x', direction: 'out' as const, cursor: 9 }]) await messages.list('i7', { limit: 5, ...filter });
    await messages.listUnacknowledged('i7');
    await messages.listUnfinished('i7', 5);
    await messages.prune(5, 5);
    await messages.deleteAll('i9', 5);

    await outbox.next('i7', 5);
    await outbox.begin({ instanceId: 'i7', messageId: 'm7', party: 'p', chatId: 'c', proto: utf8('x'), timestamp: 1, attempts: 1, epoch: 1 });
    await outbox.putBack(tenure, 'm7', 1);
    await outbox.cancel('i7', 'm7');
    await outbox.requeue('i7', 'm7', { dueAt: 1, expiresAt: 2 });
    await outbox.discard('i7', 'm7', 1);
    await outbox.deadLetters('i7', { limit: 5 });
    await outbox.expired(500, 5);
    await outbox.queued('i7', { by: 500, limit: 5 });
    await outbox.instancesWithQueue();
    await outbox.counts('i7');
    for await (const part of stash.read('i7', 'm7')) expect(part).toBeDefined();
    await stash.remove('i7', 'm7');

    await stats.work(NOW);

    await deliveries.due(NOW, { limit: 5, perWebhook: 5, exclude: ['x'] });
    await deliveries.nextDueAt(500);
    await deliveries.settle('d7', { state: 'delivered', attempts: 1, at: NOW });
    await deliveries.bringForward('w7', 1);
    for (const query of [{}, { state: 'dead' as const }, { from: 1, to: NOW, cursor: { createdAt: NOW, seq: 9 } }]) await deliveries.list('w7', { limit: 5, ...query });
    await deliveries.replay('w50', { limit: 5, state: 'dead', from: 1, cursor: { createdAt: 1, seq: 9 } }, NOW);
    await deliveries.replayOne('w7', 'd6', NOW);
    await deliveries.find('w7', 'd6');
    await deliveries.prune(20_100, 5);
    await deliveries.deleteOfWebhook('w8', 5);
    await deliveries.deleteAll('i9', 5);

    expect(plans.size).toBeGreaterThan(50);
    expect([...plans].flatMap(([sql, steps]) => steps.filter(step => BIG.test(step)).map(step => `${step.trim()}  <-  ${sql}`))).toEqual([]);
  });

  it('take the due deliveries of the own instances lane by lane', async () => {
    const { plans, deliveries } = explaining();
    const due = await deliveries.due(NOW, { limit: 1_000, perWebhook: 1_000, exclude: [] });
    expect(due.length).toBeGreaterThan(300);
    expect(due.every(({ instanceId }) => Number(instanceId.slice(1)) % 3 === 1)).toBe(true);
    const steps = [...plans.values()].flat().filter(step => /Scan using \S+ on "Delivery"/.test(step));
    expect(steps.length).toBeGreaterThan(3);
    expect(steps.filter(step => !/"Delivery_lane_idx"|"Delivery_pkey"/.test(step))).toEqual([]);
  });

  it('would notice a scan', async () => {
    expect((await explain('SELECT * FROM "Message" WHERE party = $1', ['x'])).some(step => BIG.test(step))).toBe(true);
  });
});
