import { readCommitOutcome, type TransactionMark } from '@gateway/adapters/postgres/commit-outcome.js';
import { createPool } from '@gateway/adapters/postgres/pool.js';
import type { Row } from '@gateway/adapters/sql/database.js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../support/postgres-server';
import { until } from '../support/until';
import { startCuttingProxy } from './support/cutting-proxy';
import { migratedDatabases } from './support/migrated-databases';
import { openPostgresStores, type OpenPostgresStores } from './support/postgres-stores';

const PUT = 'INSERT INTO "SessionCredentials" ("instanceId", value) VALUES ($1, $2)';
const UPDATE = 'UPDATE "SessionCredentials" SET value = $1 WHERE "instanceId" = $2';
const bytes = new Uint8Array([1, 2, 3]);

let postgres: TestPostgres;
let makeDatabase: () => Promise<string>;
beforeAll(async () => {
  // Nothing reaches the disk before it must; a deadlock is noticed soon.
  postgres = await startPostgres(['wal_writer_delay=10s', 'deadlock_timeout=20ms']);
  makeDatabase = await migratedDatabases(postgres);
});
afterAll(() => postgres?.remove());

describe('database on PostgreSQL', () => {
  let opened: OpenPostgresStores;
  const open = async (...[options]: [Parameters<typeof openPostgresStores>[2]?]): Promise<OpenPostgresStores> =>
    (opened = await openPostgresStores(postgres, await makeDatabase(), options));
  afterEach(() => opened.close());

  /** Writes a name, and the number of the transaction. */
  const put = (name: string) => ({ sql: `INSERT INTO "SessionCredentials" VALUES ($1, convert_to(pg_current_xact_id()::text, 'UTF8'))`, params: [name] });
  /** The names in the order in which they were written, those of one transaction together. */
  const transactions = async (): Promise<string[][]> =>
    (await opened.query('SELECT array_agg("instanceId" ORDER BY ctid) AS names FROM "SessionCredentials" GROUP BY value ORDER BY min(ctid)')).map(({ names }) => names as string[]);

  it('has connections that wait for the disk, give up locks when their process sleeps, and write in transactions only', async () => {
    const { database } = await open();
    const settings = ['synchronous_commit', 'statement_timeout', 'idle_in_transaction_session_timeout', 'default_transaction_read_only', 'application_name'];
    expect(await database.read(`SELECT ${settings.map(name => `current_setting('${name}') AS ${name}`).join(', ')}`)).toEqual([
      { synchronous_commit: 'on', statement_timeout: '15s', idle_in_transaction_session_timeout: '5s', default_transaction_read_only: 'on', application_name: 'chasqui' },
    ]);
    const pool = createPool({ url: opened.url });
    await expect(pool.query(PUT, ['stray', bytes])).rejects.toMatchObject({ code: '25006' });
    await pool.end();
  });

  it('commits what comes together under one key in few transactions, bounded, in order', async () => {
    const { database } = await open({ maxGroup: 40 });
    const names = Array.from({ length: 100 }, (_, index) => `i${index}`);
    const results = await Promise.all(names.map(name => database.write([put(name)], { key: 'one' })));
    expect(results.every(({ applied, changes }) => applied && changes[0] === 1)).toBe(true);
    const groups = await transactions();
    expect(groups.flat()).toEqual(names);
    expect(groups.map(({ length }) => length)).toEqual([40, 40, 20]);
  });

  it('lets a patient unit share the transaction of the next one of its key', async () => {
    const { database } = await open();
    const patient = database.write([put('patient')], { key: 'one', patient: true });
    await database.write([put('next')], { key: 'one' });
    await patient;
    await database.write([put('alone')], { key: 'one', patient: true });
    expect(await transactions()).toEqual([['patient', 'next'], ['alone']]);
  });

  it.each(['one', undefined])('does not undo others for a unit that fails or refuses (key: %s)', async key => {
    const { database } = await open();
    await database.write([{ sql: PUT, params: ['taken', bytes] }], { key });
    const outcomes = await Promise.allSettled([
      database.write([{ sql: PUT, params: ['first', bytes] }], { key }),
      database.write([{ sql: PUT, params: ['undone', bytes] }, { sql: PUT, params: ['taken', bytes] }], { key }),
      database.write([{ sql: PUT, params: ['undone too', bytes] }, { sql: UPDATE, params: [bytes, 'nobody'], requireChanges: true }, { sql: PUT, params: ['taken', bytes] }], { key }),
      database.write([{ sql: UPDATE, params: [bytes, 'nobody'], requireChanges: true }], { key }),
      database.write([{ sql: 'INSERT INTO nowhere VALUES (1)' }], { key }),
      database.write([{ sql: PUT, params: ['last', bytes] }, { sql: UPDATE, params: [bytes, 'last'], requireChanges: true }], { key }),
      database.write([{ sql: UPDATE, params: [bytes, 'nobody'], requireChanges: true }], { key }),
    ]);
    expect(outcomes.map(outcome => (outcome.status === 'fulfilled' ? outcome.value : (outcome.reason as { name: string; code: string }).code))).toEqual([
      { applied: true, changes: [1] }, '23505', { applied: false, changes: [1, 0] }, { applied: false, changes: [0] }, '42P01', { applied: true, changes: [1, 1] },
      { applied: false, changes: [0] },
    ]);
    const ids = (await database.read('SELECT "instanceId" AS id FROM "SessionCredentials"')).map(({ id }) => id).sort();
    expect(ids).toEqual(['first', 'last', 'taken']);
    expect((outcomes[1] as PromiseRejectedResult).reason).toMatchObject({ name: 'StorageError', message: expect.stringContaining('SessionCredentials_pkey') as string });
  });

  it('does not let one key wait for another', async () => {
    const { database } = await open();
    await Promise.all(['one', 'two'].map(name => database.write([{ sql: PUT, params: [name, bytes] }])));
    const held = opened.query('BEGIN; SELECT 1 FROM "SessionCredentials" WHERE "instanceId" = \'one\' FOR UPDATE; SELECT pg_sleep(1); COMMIT');
    await until('the row is held', async () => (await opened.query("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'")).length > 0);
    const ends: string[] = [];
    const write = (name: string) => database.write([{ sql: UPDATE, params: [bytes, name] }], { key: name }).then(() => ends.push(name));
    await Promise.all([write('one'), write('two'), write('two')]);
    expect(ends).toEqual(['two', 'two', 'one']);
    await held;
  });

  it('answers a read with every write that was acknowledged before it', async () => {
    const { database } = await open();
    for (let index = 0; index < 50; index++) {
      await database.write([{ sql: PUT, params: [`i${index}`, bytes] }]);
      expect(await database.read('SELECT count(*) AS n FROM "SessionCredentials"')).toEqual([{ n: index + 1 }]);
    }
  });

  it('brings values back as they were', async () => {
    const { database } = await open();
    const pooled = Buffer.from('pooled');
    const values = database.read('SELECT $1::bigint AS a, $2::float8 AS b, $3::text AS c, $4::text AS d, $5::bytea AS e, $6::text AS f', [Date.parse('2100-01-01'), 1.5, null, 'ñ 🏃', pooled, 'before\0after \uD83C']);
    pooled.fill(0);
    const [row] = await values;
    expect(row).toEqual({ a: Date.parse('2100-01-01'), b: 1.5, c: null, d: 'ñ 🏃', e: new Uint8Array(Buffer.from('pooled')), f: 'before\uFFFDafter \uFFFD' });
    expect(row?.e?.constructor).toBe(Uint8Array);
    expect((row?.e as Uint8Array).buffer.byteLength).toBe(6);
    await expect(database.read("SELECT 'not a number'::text::int AS n")).rejects.toMatchObject({ name: 'StorageError', code: '22P02', message: expect.not.stringContaining('not a number') as string });
    for (const value of [true, undefined, Number.NaN, {}, 10n]) await expect(database.read('SELECT $1', [value as never])).rejects.toThrow(TypeError);
  });

  it('outlasts a deadlock', async () => {
    const { database } = await open();
    await Promise.all(['a', 'b'].map(name => database.write([{ sql: PUT, params: [name, new Uint8Array(0)] }])));
    const append = (name: string) => ({ sql: 'UPDATE "SessionCredentials" SET value = value || \'\\x01\' FROM pg_sleep(0.02) WHERE "instanceId" = $1', params: [name] });
    await Promise.all(Array.from({ length: 6 }, (_, index) => database.write(index % 2 === 0 ? [append('a'), append('b')] : [append('b'), append('a')])));
    const rows = await database.read('SELECT value FROM "SessionCredentials"');
    expect(rows.map(({ value }) => (value as Uint8Array).byteLength)).toEqual([6, 6]);
  });

  it('takes nothing after it was stopped, and finishes what was asked for before', async () => {
    const { database } = await open();
    const writes = Array.from({ length: 20 }, (_, index) => database.write([{ sql: PUT, params: [`i${index}`, bytes] }], { key: 'one' }));
    const stopped = database.stop();
    await expect(database.write([{ sql: PUT, params: ['late', bytes] }])).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    await expect(database.read('SELECT 1')).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    await stopped;
    await database.stop();
    await Promise.all(writes);
    expect(await opened.query('SELECT count(*)::int AS n FROM "SessionCredentials"')).toEqual([{ n: 20 }]);
  });
});

describe('a commit whose connection is lost', () => {
  let opened: OpenPostgresStores;
  let proxy: Awaited<ReturnType<typeof startCuttingProxy>>;
  beforeEach(async () => {
    proxy = await startCuttingProxy(postgres.port);
    opened = await openPostgresStores(postgres, proxy.url(await makeDatabase()));
    await opened.database.write([{ sql: PUT, params: ['one', new Uint8Array(0)] }]);
  });
  afterEach(async () => {
    await opened.close();
    await proxy.close();
  });

  const append = (byte: number) => ({ sql: `UPDATE "SessionCredentials" SET value = value || '\\x0${byte}' WHERE "instanceId" = 'one'`, requireChanges: true });
  const value = async (): Promise<number[]> => [...(await opened.database.read('SELECT value FROM "SessionCredentials" WHERE "instanceId" = \'one\''))[0]?.value as Uint8Array];

  it('is not done again if it was done', async () => {
    proxy.loseAnswer();
    expect(await opened.database.write([append(1)], { key: 'one' })).toEqual({ applied: true, changes: [1] });
    expect(await value()).toEqual([1]);
    expect(proxy.commits()).toBe(2);
  });

  it('is done again if it was not', async () => {
    proxy.loseCommit();
    expect(await opened.database.write([append(1)], { key: 'one' })).toEqual({ applied: true, changes: [1] });
    expect(await value()).toEqual([1]);
    expect(proxy.commits()).toBe(3);
  });

  it('says so where nobody can be asked: it may have been done', async () => {
    const { url } = opened;
    await opened.close();
    opened = await openPostgresStores(postgres, url, { patienceMs: 300 });
    proxy.loseAnswer();
    proxy.refuse(true);
    await expect(opened.database.write([append(1)], { key: 'one' })).rejects.toMatchObject({ code: 'store_unavailable', details: { stored: null } });
    // What was not even tried is told from it.
    await expect(opened.database.write([append(2)], { key: 'one' })).rejects.toMatchObject({ code: 'store_unavailable', details: {} });
    proxy.refuse(false);
    expect(await value()).toEqual([1]);
  });

  it('keeps the order of its key, and what each unit of a group came to', async () => {
    proxy.loseAnswer();
    const ends = await Promise.allSettled([1, 2, 3].map(byte => opened.database.write([append(byte), ...byte === 2 ? [{ sql: PUT, params: ['one', bytes] }] : []], { key: 'one' })));
    expect(ends).toMatchObject([{ value: { applied: true, changes: [1] } }, { reason: { code: '23505' } }, { value: { applied: true, changes: [1] } }]);
    expect(await value()).toEqual([1, 3]);
  });
});

describe('what became of a transaction', () => {
  const begin = 'BEGIN READ WRITE; SELECT pg_current_xact_id()::text AS xid, pg_current_wal_flush_lsn()::text AS flushed';

  async function inTransaction<T>(url: string, work: (query: (sql: string) => Promise<Row[]>, mark: TransactionMark) => Promise<T>): Promise<T> {
    const pool = createPool({ url, maxConnections: 1 });
    const client = await pool.connect();
    client.on('error', () => undefined);
    try {
      const [, marked] = (await client.query(begin)) as unknown as { rows: TransactionMark[] }[];
      return await work(async sql => (await client.query<Row>(sql)).rows, marked!.rows[0]!);
    } finally {
      client.release(true);
      await pool.end();
    }
  }
  const outcomeOf = async (url: string, mark: TransactionMark): Promise<string> => {
    const pool = createPool({ url, maxConnections: 1 });
    const client = await pool.connect();
    try {
      return await readCommitOutcome(client, mark);
    } finally {
      client.release();
      await pool.end();
    }
  };

  it('is known while it runs, when it was committed and when it was not', async () => {
    const url = await makeDatabase();
    const running = await inTransaction(url, async (_, mark) => {
      expect(await outcomeOf(url, mark)).toBe('in progress');
      return mark;
    });
    await until('the server has noticed that its client is gone', async () => (await outcomeOf(url, running)) !== 'in progress');
    expect(await outcomeOf(url, running)).toBe('aborted');
    const committed = await inTransaction(url, async (query, mark) => {
      await query('COMMIT');
      return mark;
    });
    await postgres.query('CHECKPOINT');
    expect(await outcomeOf(url, committed)).toBe('committed');
    await postgres.kill();
    await postgres.start();
    expect(await outcomeOf(url, committed)).toBe('committed');
    expect(await outcomeOf(url, running)).toBe('aborted');
  });

  it('is not taken from another, to which the server gave the same number after a crash', async () => {
    const url = await makeDatabase();
    const [lost, ahead] = await inTransaction(url, async (query, mark) => {
      await query(`INSERT INTO "Setting" VALUES ('lost', '')`);
      // Nothing of it is on disk. The next one has a number that nobody bears after the crash.
      const next = await inTransaction(url, async (_, other) => other);
      await postgres.kill();
      return [mark, next];
    });
    await postgres.start();
    expect(await outcomeOf(url, ahead)).toBe('aborted');
    const nameless = async (): Promise<unknown> => (await postgres.query(`SELECT pg_xact_status('${lost.xid}'::xid8) AS status`, [], url).catch(() => [{ status: 'in the future' }]))[0]?.status;
    for (let used = 0; used < 100 && await nameless() === 'in the future'; used += 1) await postgres.query('SELECT pg_current_xact_id()', [], url);
    expect(await nameless()).toBe('committed');
    expect(await outcomeOf(url, lost)).toBe('aborted');
    expect(await postgres.query(`SELECT 1 FROM "Setting" WHERE name = 'lost'`, [], url)).toEqual([]);
  });
});
