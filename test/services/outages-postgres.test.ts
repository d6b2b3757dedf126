import { createSystemClock } from '@gateway/adapters/system/clock.js';
import { createAuditor } from '@gateway/usecases/audit/auditor.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { collectingLogger } from '../support/logger';
import { startPostgres, type TestPostgres } from '../support/postgres-server';
import { until } from '../support/until';
import { migratedDatabases } from './support/migrated-databases';
import { openPostgresStores, type OpenPostgresStores } from './support/postgres-stores';

let postgres: TestPostgres;
let makeDatabase: () => Promise<string>;
let opened: OpenPostgresStores;
beforeAll(async () => {
  postgres = await startPostgres();
  makeDatabase = await migratedDatabases(postgres);
});
afterAll(() => postgres?.remove());
afterEach(() => opened.close());

async function open(options: Parameters<typeof openPostgresStores>[2] = {}): Promise<void> {
  opened = await openPostgresStores(postgres, await makeDatabase(), options);
  // Nothing here would refuse to be written twice.
  await opened.query('CREATE TABLE marks (id text)');
  await opened.own(['i0', 'i1', 'i2', 'i3']);
}

/** 200 writes, of four instances and of nobody, with fences and without, each after the one before it on its line. */
function load(): { resolved: string[]; rejected: { id: string; code: string }[]; done: Promise<unknown> } {
  const resolved: string[] = [];
  const rejected: { id: string; code: string }[] = [];
  const line = async (name: number): Promise<void> => {
    for (let index = 0; index < 10; index += 1) {
      const id = `${name}-${index}`;
      const instanceId = `i${name % 5}`;
      const options = name % 5 === 4 ? {} : { key: instanceId, ...name % 2 === 0 && { fence: { instanceId, epoch: 0 } } };
      await opened.database.write([{ sql: 'INSERT INTO marks VALUES ($1)', params: [id], requireChanges: true }, { sql: 'SELECT pg_sleep(0.005)', reads: true }], options)
        .then(() => resolved.push(id), (error: { code: string }) => rejected.push({ id, code: error.code }));
    }
  };
  return { resolved, rejected, done: Promise.all(Array.from({ length: 20 }, (_, name) => line(name))) };
}

const counts = async (): Promise<Map<string, number>> =>
  new Map((await opened.query('SELECT id, count(*)::int AS n FROM marks GROUP BY id')).map(({ id, n }) => [String(id), Number(n)]));
const said = (text: string) => opened.log.filter(line => String(line.msg).includes(text));

describe('the hot path while PostgreSQL is away', () => {
  const ends: Record<string, () => Promise<void>> = {
    'stopped in order': () => postgres.stop('fast'),
    'stopped as in a crash': () => postgres.stop('immediate'),
    'killed': () => postgres.kill(),
  };

  it.each(Object.entries(ends))('%s and started under load: all writes are done, each once', async (_, end) => {
    await open();
    const { resolved, rejected, done } = load();
    await until('writes are under way', () => resolved.length >= 40);
    await end();
    await postgres.start();
    await done;
    expect(rejected).toEqual([]);
    expect(resolved).toHaveLength(200);
    const there = await counts();
    expect(resolved.filter(id => there.get(id) !== 1)).toEqual([]);
    expect([...there.values()].filter(count => count > 1)).toEqual([]);
    expect([said('does not answer').length, said('answers again').length]).toEqual([1, 1]);
  });

  it('longer than calls wait: they say so, and what was resolved is there', async () => {
    await open({ patienceMs: 300, fencedPatienceMs: 600 });
    const { resolved, rejected, done } = load();
    await until('writes are under way', () => resolved.length >= 40);
    await postgres.kill();
    const started = performance.now();
    await expect(opened.database.read('SELECT 1')).rejects.toMatchObject({ name: 'DomainError', code: 'store_unavailable', hint: 'Try again in some seconds.' });
    expect(performance.now() - started).toBeLessThan(2_000);
    await done;
    await postgres.start();
    await until('it is noticed', () => said('answers again').length > 0);
    expect(await opened.database.read('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(new Set(rejected.map(({ code }) => code))).toEqual(new Set(['store_unavailable']));
    const there = await counts();
    expect(resolved.filter(id => there.get(id) !== 1)).toEqual([]);
    // Nobody could be asked about those that were being committed; none of the others is there.
    expect(rejected.filter(({ id }) => there.has(id)).length).toBeLessThanOrEqual(10);
    expect([...there.values()].filter(count => count > 1)).toEqual([]);
  });

  it('frozen for a while: what was under way goes on', async () => {
    await open();
    const { resolved, rejected, done } = load();
    await until('writes are under way', () => resolved.length >= 40);
    postgres.freeze();
    let [seen, since] = [0, performance.now()];
    await until('nothing has moved for a while', () => {
      if (resolved.length > seen) [seen, since] = [resolved.length, performance.now()];
      return performance.now() - since > 700;
    });
    expect(seen).toBeLessThan(200);
    postgres.resume();
    await done;
    expect(rejected).toEqual([]);
    expect(await counts()).toEqual(new Map(resolved.map(id => [id, 1])));
  });

  it('whose connections are ended one after the other: nothing is lost or done twice', async () => {
    await open();
    const { resolved, rejected, done } = load();
    for (let killed = 0; killed < 30 && resolved.length + rejected.length < 190;) {
      killed += (await opened.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'chasqui' AND datname = current_database() LIMIT 3")).length;
    }
    await done;
    expect(rejected).toEqual([]);
    expect(await counts()).toEqual(new Map(resolved.map(id => [id, 1])));
    // That is no outage.
    expect(said('does not answer')).toEqual([]);
  });

  it('longer than calls wait: what the audit log could not take is written when it is back', async () => {
    await open({ patienceMs: 300 });
    const lines: Record<string, unknown>[] = [];
    const auditor = createAuditor({ audit: opened.audit, clock: createSystemClock(), logger: collectingLogger(lines) });
    const actions = Array.from({ length: 5 }, (_, index) => `instance.update_${index}`);
    await postgres.stop();
    await Promise.all(actions.map(action => auditor.byGateway(action, 'i0', 'ok')));
    await postgres.start();
    await until('all are written', async () => (await opened.audit.list({ limit: 10 })).entries.length === actions.length);
    expect((await opened.audit.list({ limit: 10 })).entries.map(({ action }) => action).sort()).toEqual(actions);
    await until('it says so', () => lines.length === 2);
    expect(lines[1]).toMatchObject({ msg: 'the audit log can be written to again', written: actions.length, lost: 0 });
    await auditor.settled();
  });

  it('when it is opened: waits for it, too', async () => {
    await open();
    const { url } = opened;
    await opened.close();
    await postgres.stop();
    const opening = openPostgresStores(postgres, url);
    await postgres.start();
    opened = await opening;
    expect(await opened.database.read('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('and not because of it: a wrong database is an error, at once', async () => {
    await open();
    await expect(openPostgresStores(postgres, opened.url.replace(/\/[^/]*$/, '/nowhere'))).rejects.toMatchObject({ name: 'StorageError', code: '3D000' });
  });
});
