import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../support/postgres-server';

/** What the other tests rely on. */
describe('the PostgreSQL of a test', () => {
  let postgres: TestPostgres;
  beforeAll(async () => { postgres = await startPostgres(['max_connections=20']); });
  afterAll(() => postgres.remove());

  it('keeps what was committed, however it ends', async () => {
    expect(await postgres.query('SHOW fsync')).toEqual([{ fsync: 'on' }]);
    expect(await postgres.query('SHOW max_connections')).toEqual([{ max_connections: '20' }]);
    const url = await postgres.database();
    await postgres.query('CREATE TABLE kept (n INTEGER)', [], url);
    const ways = [() => postgres.restart(), () => postgres.kill(), () => postgres.stop('immediate'), () => postgres.stop('fast')];
    for (const [n, end] of ways.entries()) {
      await postgres.query('INSERT INTO kept VALUES ($1)', [n], url);
      await end();
      if (n > 0) {
        await expect(postgres.query('SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
        await postgres.start();
      }
    }
    expect(await postgres.query('SELECT n FROM kept ORDER BY n', [], url)).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }, { n: 3 }]);
  });

  it('answers nothing while it is frozen', async () => {
    postgres.freeze();
    await expect(postgres.query('SELECT 1')).rejects.toThrow('timeout');
    postgres.resume();
    expect(await postgres.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});
