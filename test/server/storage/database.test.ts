import { Worker } from 'node:worker_threads';
import type { Row } from '@gateway/adapters/sql/database.js';
import type { StorageError } from '@gateway/adapters/sql/storage-error.js';
import { openConnection } from '@gateway/adapters/sqlite/connection.js';
import { createDatabase } from '@gateway/adapters/sqlite/database.js';
import { afterEach, describe, expect, it } from 'vitest';
import { openTestDatabase, type TestDatabase } from '../../contracts/support/database';
import { until } from '../../support/until';

const PUT = 'INSERT INTO SessionCredentials (instanceId, value) VALUES (?, ?)';
const UPDATE = 'UPDATE SessionCredentials SET value = ? WHERE instanceId = ?';
const bytes = new Uint8Array([1, 2, 3]);
const THREAD = new URL('../../../server/dist/src/adapters/sqlite/database-thread.js', import.meta.url);

/** The thread's own script, which ends at once when it is told to die. */
function mortal(workerData: unknown): Worker {
  const script = `require('node:worker_threads').parentPort.on('message', ({ type }) => { if (type === 'die') process.exit(1); }); void import(${JSON.stringify(THREAD.href)});`;
  return new Worker(script, { eval: true, workerData });
}

describe('database thread', () => {
  let opened: TestDatabase | null = null;
  afterEach(async () => {
    await opened?.close();
    opened = null;
  });
  const open = async (...args: Parameters<typeof openTestDatabase>): Promise<TestDatabase> => (opened = await openTestDatabase(...args));
  const ids = async (): Promise<unknown[]> => (await opened!.database.read('SELECT instanceId FROM SessionCredentials ORDER BY rowid')).map(row => row.instanceId);

  /** The thread's own script, with a count of the transactions it was asked for. */
  const counting = () => {
    const commits: number[] = [];
    return {
      commits,
      makeWorker: (workerData: unknown) => {
        const worker = new Worker(THREAD, { workerData });
        const post = worker.postMessage.bind(worker);
        worker.postMessage = (message: { type: string; units?: unknown[] }, transfer: ArrayBuffer[]) => {
          if (message.type === 'commit') commits.push(message.units?.length ?? 0);
          post(message, transfer);
        };
        return worker;
      },
    };
  };

  it('flushes at every commit, logs ahead and checks foreign keys', async () => {
    const { database } = await open();
    const pragma = async (name: string): Promise<Row | undefined> => (await database.read(`PRAGMA ${name}`))[0];
    expect(await pragma('synchronous')).toEqual({ synchronous: 2 });
    expect(await pragma('journal_mode')).toEqual({ journal_mode: 'wal' });
    expect(await pragma('foreign_keys')).toEqual({ foreign_keys: 1 });
    expect(await pragma('busy_timeout')).toEqual({ timeout: 5000 });
  });

  it('leaves the flush to the checkpoint when it is told to', async () => {
    const { database } = await open({ synchronous: 'normal' });
    expect(await database.read('PRAGMA synchronous')).toEqual([{ synchronous: 1 }]);
  });

  it('commits what comes together in few transactions, bounded, in order', async () => {
    const { commits, makeWorker } = counting();
    const { database } = await open({ makeWorker, maxGroup: 40 });
    const names = Array.from({ length: 100 }, (_, index) => `i${index}`);
    const results = await Promise.all(names.map(name => database.write([{ sql: PUT, params: [name, bytes] }])));
    expect(results.every(({ applied, changes }) => applied && changes[0] === 1)).toBe(true);
    expect(commits).toEqual([40, 40, 20]);
    expect(await ids()).toEqual(names);
  });

  it('does not undo others for a unit that fails or refuses', async () => {
    const { commits, makeWorker } = counting();
    const { database } = await open({ makeWorker });
    await database.write([{ sql: PUT, params: ['taken', bytes] }]);
    const outcomes = await Promise.allSettled([
      database.write([{ sql: PUT, params: ['first', bytes] }]),
      database.write([{ sql: PUT, params: ['undone', bytes] }, { sql: PUT, params: ['taken', bytes] }]),
      database.write([{ sql: PUT, params: ['undone too', bytes] }, { sql: UPDATE, params: [bytes, 'nobody'], requireChanges: true }, { sql: PUT, params: ['never run', bytes] }]),
      database.write([{ sql: UPDATE, params: [bytes, 'nobody'], requireChanges: true }]),
      database.write([{ sql: 'INSERT INTO nowhere VALUES (1)' }]),
      database.write([{ sql: PUT, params: ['last', bytes] }, { sql: UPDATE, params: [bytes, 'first'], requireChanges: true }]),
    ]);
    expect(commits).toEqual([1, 6]);
    expect(outcomes.map(outcome => (outcome.status === 'fulfilled' ? outcome.value : (outcome.reason as StorageError).code))).toEqual([
      { applied: true, changes: [1] },
      'SQLITE_CONSTRAINT_PRIMARYKEY',
      { applied: false, changes: [1, 0] },
      { applied: false, changes: [0] },
      'SQLITE_ERROR',
      { applied: true, changes: [1, 1] },
    ]);
    expect(await ids()).toEqual(['taken', 'first', 'last']);
  });

  it('answers a read with every write that was acknowledged before it', async () => {
    const { database } = await open();
    for (let index = 0; index < 50; index++) {
      await database.write([{ sql: PUT, params: [`i${index}`, bytes] }]);
      expect(await database.read('SELECT count(*) AS n FROM SessionCredentials')).toEqual([{ n: index + 1 }]);
    }
  });

  it('brings values back as they were', async () => {
    const { database } = await open();
    const pooled = Buffer.from('pooled');
    const [row] = await database.read('SELECT ?1 AS a, ?2 AS b, ?3 AS c, ?4 AS d, ?5 AS e, ?6 AS f', [Date.parse('2100-01-01'), 1.5, null, 'ñ 🏃', pooled, 'before\0after']);
    expect(row).toEqual({ a: Date.parse('2100-01-01'), b: 1.5, c: null, d: 'ñ 🏃', e: new Uint8Array(pooled), f: 'before\uFFFDafter' });
    expect(pooled.toString()).toBe('pooled');
    expect(await database.read('WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250) SELECT i FROM n')).toHaveLength(250);
  });

  it('refuses values that SQLite has no type for, and goes on', async () => {
    const { database } = await open();
    for (const value of [true, undefined, Number.NaN, {}, 10n]) await expect(database.read('SELECT ?', [value as never])).rejects.toThrow(TypeError);
    await expect(database.read('SELECT * FROM nowhere')).rejects.toMatchObject({ name: 'StorageError', code: 'SQLITE_ERROR' });
    expect(await database.read('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('waits for another writer without blocking this thread', async () => {
    const { database, path } = await open();
    const other = openConnection(path, 0);
    other.exec('BEGIN IMMEDIATE');
    let settled = false;
    const write = database.write([{ sql: PUT, params: ['waited', bytes] }]).finally(() => (settled = true));
    let turns = 0;
    await until('the event loop to go on', () => ++turns > 10);
    expect(settled).toBe(false);
    other.exec('COMMIT');
    other.close();
    expect((await write).applied).toBe(true);
  });

  it('fails only what it could not do when the file stays locked', async () => {
    const { database, path } = await open({ busyTimeoutMs: 50 });
    const other = openConnection(path, 0);
    other.exec('BEGIN IMMEDIATE');
    await expect(database.write([{ sql: PUT, params: ['a', bytes] }])).rejects.toMatchObject({ code: 'SQLITE_BUSY' });
    other.exec('COMMIT');
    other.close();
    expect((await database.write([{ sql: PUT, params: ['b', bytes] }])).applied).toBe(true);
    expect(await ids()).toEqual(['b']);
  });

  it('keeps its word when the disk is full', async () => {
    const { database } = await open();
    const [size] = await database.read('PRAGMA page_count');
    await database.read(`PRAGMA max_page_count = ${Number(size?.page_count) + 2}`);
    const writes = ['small', 'huge', 'small too'].map(name => database.write([
      { sql: PUT, params: [name, new Uint8Array(name === 'huge' ? 200_000 : 10)] },
      { sql: UPDATE, params: [bytes, name] },
    ]).then(() => name, (error: StorageError) => error.code));
    const answers = await Promise.all(writes);
    expect(answers).toContain('SQLITE_FULL');
    expect(await ids()).toEqual(answers.filter(answer => !answer.startsWith('SQLITE_')));
    await database.read('PRAGMA max_page_count = 100000');
    await database.write([{ sql: PUT, params: ['space again', bytes] }]);
    expect(await ids()).toContain('space again');
  });

  it('rejects everything, and says so once, when the thread dies', async () => {
    const fatal: StorageError[] = [];
    let thread: Worker | undefined;
    const { database } = await open({ onFatal: error => fatal.push(error), makeWorker: data => (thread = mortal(data)) });
    // Between two requests: a thread that is ended inside SQLite's native code can take the whole process along.
    thread?.postMessage({ type: 'die' });
    const pending = [
      database.write([{ sql: PUT, params: ['a', bytes] }]),
      database.read('SELECT 1'),
      database.write([{ sql: PUT, params: ['b', bytes] }]),
    ].map(promise => promise.then(() => 'done', (error: StorageError) => error.code));
    expect(await Promise.all(pending)).toEqual(['STORE_THREAD_ENDED', 'STORE_THREAD_ENDED', 'STORE_THREAD_ENDED']);
    await expect(database.write([{ sql: PUT, params: ['c', bytes] }])).rejects.toMatchObject({ code: 'STORE_THREAD_ENDED' });
    await expect(database.read('SELECT 1')).rejects.toMatchObject({ code: 'STORE_THREAD_ENDED' });
    expect(fatal.map(({ code }) => code)).toEqual(['STORE_THREAD_ENDED']);
  });

  it('starts and stops as often as it is told, finishing what it was given', async () => {
    const { database, path } = await open();
    await database.start();
    const written = database.write([{ sql: PUT, params: ['last words', bytes] }]);
    await Promise.all([database.stop(), database.stop()]);
    expect((await written).applied).toBe(true);
    await database.stop();
    await expect(database.write([])).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    await expect(database.start()).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    const again = openConnection(path, 1000);
    expect(again.prepare('SELECT instanceId FROM SessionCredentials').all([])).toEqual([{ instanceId: 'last words' }]);
    again.close();
    await createDatabase({ path, onFatal: error => { throw error; } }).stop();
  });

  it('says why a file cannot be opened', async () => {
    const database = createDatabase({ path: '/nowhere/at/all.db', onFatal: error => { throw error; } });
    await expect(database.start()).rejects.toMatchObject({ name: 'StorageError' });
    await expect(database.read('SELECT 1')).rejects.toMatchObject({ name: 'StorageError' });
    await database.stop();
  });
});
