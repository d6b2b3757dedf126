import { createHash } from 'node:crypto';
import { migratePostgres } from '@gateway/adapters/postgres/migrate.js';
import type { Migration } from '@gateway/adapters/sql/migration-ledger.js';
import { migrations } from '@gateway/generated/postgresql/migrations.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../support/postgres-server';
import { until } from '../support/until';

const migration = (name: string, sql: string): Migration => ({ name, sql, checksum: createHash('sha256').update(sql).digest('hex') });
const first = migration('1_first', 'CREATE TABLE parent (id INTEGER PRIMARY KEY);\nINSERT INTO parent VALUES (1);');
const second = migration('2_second', 'ALTER TABLE parent ADD COLUMN name TEXT;');
const names = (list: readonly Migration[]): string[] => list.map(({ name }) => name);

describe('migrations of PostgreSQL', () => {
  let postgres: TestPostgres;
  let url: string;
  beforeAll(async () => { postgres = await startPostgres(); });
  afterAll(() => postgres.remove());
  beforeEach(async () => { url = await postgres.database(); });
  const ledger = () => postgres.query('SELECT migration_name, checksum, logs, rolled_back_at, applied_steps_count, finished_at >= started_at AS finished FROM _prisma_migrations ORDER BY 1', [], url);
  const codeOf = (list: readonly Migration[], options = {}): Promise<unknown> => migratePostgres({ url, migrations: list, ...options }).then(applied => applied, (error: { name: string; code: unknown }) => error.name === 'StorageError' ? error.code : error);
  const sleeping = async () => (await postgres.query("SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()", [], url)).length === 1;
  const endSleeping = () => postgres.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()", [], url);
  const locksWanted = async (granted: boolean) => (await postgres.query("SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted = $1", [granted], url)).length;

  it('make a fresh database, and then find nothing to do', async () => {
    expect(await migratePostgres({ url })).toEqual(names(migrations));
    expect(await migratePostgres({ url })).toEqual([]);
    expect(await ledger()).toEqual(migrations.map(({ name, checksum }) => ({ migration_name: name, checksum, logs: null, rolled_back_at: null, applied_steps_count: 1, finished: true })));
    const types = await postgres.query("SELECT table_name, data_type FROM information_schema.columns WHERE column_name = 'seq' ORDER BY 1", [], url);
    expect(types).toEqual(['AuditEntry', 'ConnectionRecord', 'Delivery', 'JournalEntry', 'Message'].map(table_name => ({ table_name, data_type: 'bigint' })));
    expect(await locksWanted(true)).toBe(0);
  });

  it('migrate once, however many nodes start', async () => {
    const slow = migration('3_slow', 'INSERT INTO parent VALUES (2, pg_sleep(0.3)::text);');
    const applied = await Promise.all(Array.from({ length: 8 }, () => migratePostgres({ url, migrations: [first, second, slow] })));
    expect(applied.map(list => list.length).sort()).toEqual([0, 0, 0, 0, 0, 0, 0, 3]);
    expect(await postgres.query('SELECT id FROM parent ORDER BY id', [], url)).toEqual([{ id: 1 }, { id: 2 }]);
    expect(await ledger()).toHaveLength(3);
  });

  it('continue where a node died that was migrating', async () => {
    await migratePostgres({ url, migrations: [first] });
    const stuck = migration('2_stuck', 'CREATE TABLE half (id INTEGER);\nSELECT pg_sleep(60);');
    const dying = codeOf([first, stuck]);
    await until('the first node migrates', sleeping);
    const waiting = migratePostgres({ url, migrations: [first, second] });
    await until('the second node waits', async () => await locksWanted(false) === 1);
    await endSleeping();
    expect(await waiting).toEqual(['2_second']);
    expect(await dying).toBe('57P01');
    expect(await postgres.query("SELECT 1 FROM pg_tables WHERE tablename = 'half'", [], url)).toEqual([]);
  });

  it('do not wait without end for a node that is migrating', async () => {
    const stuck = codeOf([migration('1_stuck', 'SELECT pg_sleep(60);')]);
    await until('the other node migrates', sleeping);
    expect(await codeOf([first], { lockWaitMs: 200 })).toBe('DATABASE_BUSY');
    await endSleeping();
    await stuck;
    expect(await codeOf([first])).toEqual(['1_first']);
  });

  it('are undone when they fail, and those before them stay', async () => {
    expect(await codeOf([first, migration('2_broken', 'CREATE TABLE half (id INTEGER);\nINSERT INTO nowhere VALUES (1);')])).toBe('42P01');
    expect(await postgres.query("SELECT 1 FROM pg_tables WHERE tablename = 'half'", [], url)).toEqual([]);
    expect((await ledger()).map(row => row['migration_name'])).toEqual(['1_first']);
    expect(await codeOf([first, second])).toEqual(['2_second']);
  });

  it('refuse a changed migration, an unfinished one and a newer database', async () => {
    await migratePostgres({ url, migrations: [first] });
    expect(await codeOf([migration('1_first', `${first.sql}\n-- edited`)])).toBe('MIGRATION_CHANGED');
    expect(await codeOf([])).toBe('DATABASE_NEWER');
    await postgres.query('UPDATE _prisma_migrations SET finished_at = NULL', [], url);
    expect(await codeOf([first])).toBe('MIGRATION_UNFINISHED');
    await postgres.query('UPDATE _prisma_migrations SET rolled_back_at = now()', [], url);
    await postgres.query('DROP TABLE parent', [], url);
    expect(await codeOf([first])).toEqual(['1_first']);
  });

  it('wait for a PostgreSQL that is not there yet, and say when it never comes or refuses', async () => {
    await postgres.stop();
    expect(await codeOf([first], { connectWaitMs: 300 })).toBe('ECONNREFUSED');
    const waiting = codeOf([first]);
    await postgres.start();
    expect(await waiting).toEqual(['1_first']);
    await expect(migratePostgres({ url: `${url}_none` })).rejects.toMatchObject({ name: 'StorageError', code: '3D000' });
  });
});
