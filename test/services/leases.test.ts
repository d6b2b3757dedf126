import type { NodeReport } from '@gateway/ports/leases.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeLeasesContract } from '../contracts/leases.contract';
import { startPostgres, type TestPostgres } from '../support/postgres-server';
import { until } from '../support/until';
import { openPostgresLeases } from './support/postgres-leases';

let postgres: TestPostgres;
beforeAll(async () => { postgres = await startPostgres(); });
afterAll(() => postgres?.remove());

describeLeasesContract('PostgreSQL', () => openPostgresLeases(postgres));

describe('leases while PostgreSQL is away', () => {
  const report: NodeReport = { activeSessions: 0, pendingCount: 0, circuitBreaker: 'CLOSED' };

  it('say so, and are as they were when it is back', async () => {
    const opened = await openPostgresLeases(postgres);
    const node = opened.node();
    await opened.instance('a', 'active');
    await node.renew([], report);
    const tenure = await node.claimOne('a');

    const unavailable = async () => {
      const calls = [node.renew(['a'], report), node.claim({ active: 1, idle: 1 }), node.claimOne('a'), node.release([{ instanceId: 'a', epoch: 0 }]), node.census(), node.ownerOf('a'), node.nodes()];
      for (const result of await Promise.allSettled(calls)) expect(result).toMatchObject({ status: 'rejected', reason: { code: 'store_unavailable' } });
    };
    await postgres.stop('immediate');
    await unavailable();
    await postgres.start();
    expect(await node.renew(['a'], report)).toEqual([tenure]);

    // It hangs: the time limits of the connections end it.
    postgres.freeze();
    await unavailable();
    postgres.resume();
    await until('it answers again', () => node.ownerOf('a').then(() => true, () => false));
    expect(await node.renew(['a'], report)).toEqual([tenure]);
    await opened.close();
  });

  it('do not call a mistake of ours an outage', async () => {
    const opened = await openPostgresLeases(postgres);
    const node = opened.node({ ttlMs: Number.NaN });
    await expect(node.nodes()).rejects.not.toMatchObject({ code: 'store_unavailable' });
    await opened.close();
  });
});
