import { DomainError } from '@gateway/domain/errors.js';
import type { NodeInfo, NodeReport } from '@gateway/ports/leases.js';
import { createHealth } from '@gateway/usecases/health.js';
import { beforeEach, describe, expect, it } from 'vitest';
import { createTestClock, type TestClock } from '../../support/test-clock.js';

const report = (activeSessions: number, pendingCount: number, circuitBreaker: NodeReport['circuitBreaker'] = 'CLOSED'): NodeReport => ({ activeSessions, pendingCount, circuitBreaker });
const node = (nodeId: string, said: NodeReport): NodeInfo => ({ nodeId, startedAt: 0, seenAt: 0, draining: false, report: said });

describe('the health of a cluster', () => {
  let clock: TestClock;
  let nodes: () => Promise<NodeInfo[]>;
  let asked: number;
  let own: NodeReport;
  beforeEach(() => {
    clock = createTestClock();
    asked = 0;
    own = report(3, 1);
  });

  const health = () => createHealth({
    report: () => own,
    leases: { nodeId: 'me', nodes: () => { asked += 1; return nodes(); } },
    clock,
  });

  it('is that of all nodes together, with this one\'s as it is now', async () => {
    // What it said of itself last is older.
    nodes = async () => [node('other', report(10, 0, 'HALF_OPEN')), node('me', report(99, 99, 'OPEN')), node('third', report(7, 2))];
    const of = health();
    expect(await of()).toEqual(report(20, 3, 'HALF_OPEN'));
    own = report(4, 1, 'OPEN');
    expect(await of()).toEqual(report(21, 3, 'OPEN'));
  });

  it('asks the store once a second at most, however many want to know', async () => {
    nodes = async () => [node('other', report(1, 0))];
    const of = health();
    await Promise.all(Array.from({ length: 50 }, of));
    for (let number = 0; number < 50; number += 1) await of();
    expect(asked).toBe(1);
    nodes = async () => [];
    await clock.advance(1_000);
    expect(await of()).toEqual(report(3, 1));
    expect(asked).toBe(2);
  });

  it('is this node\'s alone while the store is away, and is told at once while that hangs', async () => {
    nodes = async () => [node('other', report(1, 0))];
    const of = health();
    expect(await of()).toEqual(report(4, 1));
    nodes = async () => { throw new DomainError('store_unavailable', 'away'); };
    await clock.advance(1_000);
    expect(await of()).toEqual(report(3, 1));

    nodes = () => new Promise(() => {});
    await clock.advance(1_000);
    const answer = of();
    await clock.advance(500);
    expect(await answer).toEqual(report(3, 1));
    expect(clock.timers()).toBe(0);
  });

  it('of a gateway that shares its store with nobody is its own', async () => {
    expect(await createHealth({ report: () => own, leases: null, clock })()).toEqual(own);
  });
});
