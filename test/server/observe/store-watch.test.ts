import { DomainError } from '@gateway/domain/errors.js';
import type { WorkStats } from '@gateway/ports/store-stats.js';
import { createStoreWatch, type StoreWatch } from '@gateway/usecases/observe/store-watch.js';
import { beforeEach, describe, expect, it } from 'vitest';
import { createTestClock, type TestClock } from '../../support/test-clock.js';

const NOTHING: WorkStats = { queues: [], sending: 0, deadMessages: 0, pendingDeliveries: 0, firstDeliveryAt: null, deadDeliveries: 0 };
const away = async (): Promise<never> => { throw new DomainError('store_unavailable', 'away'); };

describe('what is known of the store', () => {
  let clock: TestClock;
  let ping: () => Promise<void>;
  let count: () => Promise<WorkStats>;
  let asked: { pings: number; counts: number };
  let watch: StoreWatch;
  beforeEach(() => {
    clock = createTestClock();
    ping = async () => undefined;
    count = async () => NOTHING;
    asked = { pings: 0, counts: 0 };
    watch = createStoreWatch({ clock, stats: { ping: () => { asked.pings += 1; return ping(); }, work: () => { asked.counts += 1; return count(); } } });
  });

  it('is asked for once a second at most', async () => {
    for (let number = 0; number < 20; number++) expect(await watch.look()).toEqual({ up: true, latencyMs: 0 });
    expect(asked.pings).toBe(1);
    await clock.advance(1_000);
    await Promise.all([watch.look(), watch.look(), watch.isSteady()]);
    expect(asked.pings).toBe(2);
  });

  it('takes a store that hangs for one that is away', async () => {
    ping = () => new Promise(() => {});
    const look = watch.look();
    await clock.advance(2_000);
    expect(await look).toEqual({ up: false, latencyMs: null });
  });

  it('does not flap: only what lasts for seconds counts, either way', async () => {
    const steadyAfter = async (ms: number) => { await clock.advance(ms); return watch.isSteady(); };
    expect(await watch.isSteady()).toBe(true);
    ping = away;
    expect(await steadyAfter(1_000)).toBe(true);
    expect(await watch.look()).toMatchObject({ up: false });
    ping = async () => undefined;
    expect(await steadyAfter(1_000)).toBe(true);
    ping = away;
    expect(await steadyAfter(1_000)).toBe(true);
    expect(await steadyAfter(2_000)).toBe(true);
    expect(await steadyAfter(1_000)).toBe(false);
    ping = async () => undefined;
    expect(await steadyAfter(1_000)).toBe(false);
    expect(await steadyAfter(3_000)).toBe(true);
  });

  it('counts what waits every five seconds at most, and for one part in a hundred of the time', async () => {
    expect(await watch.work()).toEqual(NOTHING);
    await clock.advance(4_000);
    await watch.work();
    expect(asked.counts).toBe(1);
    await clock.advance(1_000);
    count = async () => { await clock.advance(200); return { ...NOTHING, sending: 3 }; };
    expect(await watch.work()).toMatchObject({ sending: 3 });
    await clock.advance(19_000);
    await watch.work();
    expect(asked.counts).toBe(2);
    await clock.advance(1_000);
    await watch.work();
    expect(asked.counts).toBe(3);
  });

  it('says nothing rather than what was counted a minute ago', async () => {
    await watch.work();
    count = away;
    await clock.advance(59_000);
    expect(await watch.work()).toEqual(NOTHING);
    await clock.advance(1_000);
    expect(await watch.work()).toBeNull();
  });
});
