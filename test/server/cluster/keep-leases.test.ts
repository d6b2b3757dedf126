import type { Tenure } from '@gateway/domain/instances/tenure.js';
import { createLeaseKeeper, type LeaseKeeper } from '@gateway/usecases/cluster/keep-leases.js';
import { describe, expect, test } from 'vitest';
import { collectingLogger } from '../../support/logger.js';
import { createMemoryLeases } from '../../support/memory-leases.js';
import { createTestClock } from '../../support/test-clock.js';

const TTL_MS = 15_000;
const ids = (count: number) => Array.from({ length: count }, (_, index) => `shop-${index}`);

function createRig(instanceIds: string[], { leave = async () => {} }: { leave?: (tenure: Tenure, lasts: boolean) => Promise<void> } = {}) {
  const clock = createTestClock();
  const store = createMemoryLeases(instanceIds, clock, TTL_MS);
  const keepers: { keeper: LeaseKeeper; gained: Tenure[]; left: (Tenure & { lasts: boolean; others: string | null })[] }[] = [];

  function add(nodeId: string) {
    const gained: Tenure[] = [];
    const left: (Tenure & { lasts: boolean; others: string | null })[] = [];
    const keeper = createLeaseKeeper({
      leases: store.of(nodeId), ttlMs: TTL_MS, clock, logger: collectingLogger([]),
      report: () => ({ activeSessions: 0, pendingCount: 0, circuitBreaker: 'CLOSED' }),
      onGained: tenures => void gained.push(...tenures),
      async leave(tenure, lasts) {
        const row = store.rows.get(tenure.instanceId);
        left.push({ ...tenure, lasts, others: row?.owner === nodeId || row?.owner === null ? null : row?.owner ?? null });
        await leave(tenure, lasts);
      },
      mostIdle: instances => [...instances],
      tellReleased: () => keepers.forEach(other => other.keeper.look()),
    });
    keepers.push({ keeper, gained, left });
    return { keeper, gained, left };
  }

  const owns = (keeper: LeaseKeeper) => instanceIds.filter(instanceId => keeper.holds(instanceId));
  return { clock, store, add, owns };
}

describe('a lease', () => {
  test('is renewed for as long as the store can be reached', async () => {
    const { clock, add, owns } = createRig(ids(3));
    const { keeper, left } = add('a');
    await keeper.start();
    await clock.advance(120_000);
    expect(owns(keeper)).toEqual(ids(3));
    expect(left).toEqual([]);
    await keeper.stop();
  });

  test('is over here before it is over in the store, which cannot be reached', async () => {
    const { clock, store, add } = createRig(ids(1));
    const { keeper, left } = add('a');
    await keeper.start();
    await clock.advance(2_000);
    const tenure = keeper.tenureOf('shop-0');
    store.setAway(true);
    const endsAt = store.rows.get('shop-0')?.expiresAt ?? 0;
    while (keeper.isCurrent(tenure)) {
      expect(clock.now() + keeper.lastsMs(tenure)).toBeLessThan(endsAt);
      expect(keeper.lastsMs(tenure)).toBeGreaterThan(0);
      await clock.advance(100);
    }
    expect(keeper.lastsMs(tenure)).toBe(0);
    expect(clock.now()).toBeLessThan(endsAt);
    await clock.advance(300);
    expect(left).toEqual([{ ...tenure, lasts: false, others: null }]);
    expect(() => keeper.tenureOf('shop-0')).toThrow(expect.objectContaining({ code: 'instance_unowned' }));
    await keeper.stop();
  });

  test('is over at once when its instance is about to be gone', async () => {
    const { clock, add } = createRig(ids(2));
    const { keeper, left } = add('a');
    await keeper.start();
    await clock.advance(2_000);
    const tenure = keeper.tenureOf('shop-0');
    keeper.forget(tenure);
    expect(keeper.holds('shop-0')).toBe(false);
    expect(keeper.isCurrent(tenure)).toBe(false);
    await clock.advance(10);
    expect(left).toEqual([{ ...tenure, lasts: false, others: null }]);
    expect(keeper.holds('shop-1')).toBe(true);
    await keeper.stop();
  });

  test('counts from before the question, however late the answer is', async () => {
    const { clock, store, add } = createRig(ids(1));
    const { keeper } = add('a');
    await keeper.start();
    await clock.advance(2_000);
    store.setDelay(14_000);
    await clock.advance(16_000);
    // The renewal was answered after all that time; what it renewed is nearly over in the store, and over here.
    expect(keeper.holds('shop-0')).toBe(false);
    store.setDelay(0);
    await clock.advance(40_000);
    expect(keeper.holds('shop-0')).toBe(true);
    await keeper.stop();
  });

  test('that another node has taken is left at once, and not given back', async () => {
    const { clock, store, add } = createRig(ids(1));
    const { keeper, left } = add('a');
    await keeper.start();
    await clock.advance(2_000);
    Object.assign(store.rows.get('shop-0') ?? {}, { owner: 'b', epoch: 7, expiresAt: clock.now() + 60_000 });
    await clock.advance(6_000);
    expect(left).toEqual([{ instanceId: 'shop-0', epoch: 1, lasts: false, others: 'b' }]);
    expect(store.rows.get('shop-0')).toMatchObject({ owner: 'b', epoch: 7 });
    await keeper.stop();
    expect(store.rows.get('shop-0')).toMatchObject({ owner: 'b', epoch: 7 });
  });

  test('whose write was refused is over, without waiting for the store to say so', async () => {
    const { clock, add } = createRig(ids(1));
    const { keeper, left } = add('a');
    await keeper.start();
    await clock.advance(2_000);
    const tenure = keeper.tenureOf('shop-0');
    keeper.giveUp(tenure, new Error('disk full'));
    expect(keeper.isCurrent(tenure)).toBe(false);
    await clock.advance(0);
    expect(left).toEqual([{ ...tenure, lasts: false, others: null }]);
    // Nobody else has it: it is given back, and taken anew.
    await clock.advance(3_000);
    expect(keeper.tenureOf('shop-0').epoch).toBe(tenure.epoch + 1);
    await keeper.stop();
  });
});

test('what is taken again while its last tenure is still being left is taken up when that has ended', async () => {
  let finish = () => {};
  const { clock, store, add } = createRig(ids(1), { leave: () => new Promise(resolve => { finish = resolve; }) });
  const { keeper, gained } = add('a');
  await keeper.start();
  await clock.advance(2_000);
  const first = keeper.tenureOf('shop-0');
  // It has run out in the store, and is claimed before that is noticed here, as in a process that was paused in between.
  store.setDelay(400);
  Object.assign(store.rows.get('shop-0') ?? {}, { expiresAt: 0 });
  const claiming = keeper.claim('shop-0');
  await clock.advance(100);
  keeper.giveUp(first, new Error('disk full'));
  store.setDelay(0);
  await clock.advance(1_000);
  await claiming;
  expect(gained).toEqual([first]);
  finish();
  await clock.advance(10);
  expect(gained).toEqual([first, { ...first, epoch: first.epoch + 1 }]);
  expect(keeper.holds('shop-0')).toBe(true);
  const stopped = keeper.stop();
  await clock.advance(10);
  finish();
  await stopped;
});

test('what is taken again although it is held, as when the clock of the store is set forward, is left first', async () => {
  const { clock, store, add } = createRig(ids(1));
  const { keeper, gained, left } = add('a');
  await keeper.start();
  await clock.advance(2_000);
  const first = keeper.tenureOf('shop-0');
  Object.assign(store.rows.get('shop-0') ?? {}, { expiresAt: 0 });
  await clock.advance(2_000);
  expect(left).toEqual([{ ...first, lasts: false, others: null }]);
  expect(gained).toEqual([first, { ...first, epoch: first.epoch + 1 }]);
  await keeper.stop();
});

test('what was claimed so long ago that a renewal may have taken it for a stray is not begun', async () => {
  const { clock, store, add } = createRig(ids(1));
  const { keeper, gained } = add('a');
  await keeper.start();
  store.setDelay(TTL_MS / 2);
  const claiming = keeper.claim('shop-0');
  await clock.advance(TTL_MS / 2);
  await clock.advance(TTL_MS / 2);
  await claiming;
  expect(gained).toEqual([]);
  store.setDelay(0);
  await clock.advance(TTL_MS);
  expect(keeper.holds('shop-0')).toBe(true);
  await keeper.stop();
});

describe('several nodes', () => {
  test('that start together share from the beginning, and nothing moves', async () => {
    const { clock, add, owns } = createRig(ids(31));
    const nodes = ['a', 'b', 'c'].map(add);
    await Promise.all(nodes.map(({ keeper }) => keeper.start()));
    await clock.advance(20_000);
    expect(nodes.map(({ keeper }) => owns(keeper).length).sort()).toEqual([10, 10, 11]);
    expect(nodes.flatMap(({ left }) => left)).toEqual([]);
    await Promise.all(nodes.map(({ keeper }) => keeper.stop()));
  });

  test('give a new one its share, two at a time, each after it was left in order', async () => {
    const { clock, store, add, owns } = createRig(ids(12));
    const { keeper: first, left } = add('a');
    await first.start();
    await clock.advance(5_000);
    expect(owns(first)).toHaveLength(12);
    const { keeper: second } = add('b');
    await second.start();
    let before = 12;
    for (let second = 0; second < 12; second += 1) {
      await clock.advance(1_000);
      expect(before - owns(first).length).toBeLessThanOrEqual(2);
      before = owns(first).length;
    }
    expect(owns(first)).toHaveLength(6);
    expect(owns(second)).toHaveLength(6);
    expect(left).toHaveLength(6);
    expect(left.every(({ lasts, others }) => lasts && others === null)).toBe(true);
    expect([...store.rows.values()].filter(({ owner }) => owner === null)).toEqual([]);
    await Promise.all([first.stop(), second.stop()]);
  });

  test('take over from one that says nothing more, but not from one that was cut off with them', async () => {
    const { clock, store, add, owns } = createRig(ids(4));
    const [a, b] = [add('a'), add('b')];
    await Promise.all([a.keeper.start(), b.keeper.start()]);
    await clock.advance(5_000);
    expect(owns(a.keeper)).toHaveLength(2);
    // Both lose the store for longer than a lease: nobody takes what the other may have kept.
    store.setAway(true);
    await clock.advance(30_000);
    expect(owns(a.keeper)).toEqual([]);
    store.setAway(false);
    await clock.advance(6_000);
    expect(owns(a.keeper)).toHaveLength(2);
    expect(owns(b.keeper)).toHaveLength(2);
    await Promise.all([a.keeper.stop(), b.keeper.stop()]);
  });
});

test('what is being left is nobody\'s to work for, and still held until it was left', async () => {
  let finish = () => {};
  const { clock, store, add } = createRig(ids(1), { leave: () => new Promise(resolve => { finish = resolve; }) });
  const { keeper } = add('a');
  await keeper.start();
  await clock.advance(2_000);
  const tenure = keeper.tenureOf('shop-0');
  const stopped = keeper.stop();
  await clock.advance(10);
  expect(keeper.holds('shop-0')).toBe(false);
  expect(() => keeper.tenureOf('shop-0')).toThrow();
  // What is under way may still be brought to its end.
  expect(keeper.isCurrent(tenure)).toBe(true);
  expect(store.rows.get('shop-0')?.owner).toBe('a');
  finish();
  await stopped;
  expect(keeper.isCurrent(tenure)).toBe(false);
  expect(store.rows.get('shop-0')?.owner).toBeNull();
});
