import type { LiveStatus } from '@gateway/ports/status-board.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestClock } from '../support/test-clock';
import { until } from '../support/until';
import { createRedisRig, untilUp, type RedisRig } from './support/redis-rig';

const LIFETIME_MS = 15_000;
const REFRESH_MS = LIFETIME_MS / 4;

const live = (instanceId: string, change: Partial<LiveStatus> = {}): LiveStatus => ({
  instanceId, epoch: 0, status: 'CONNECTED', reason: 'connected', qr: null, phoneNumber: '15550001111', lastSeen: 1, connectedAt: 1, updatedAt: 1, ...change,
});

/** That, as it is shown: said again since. */
const shown = (instanceId: string, change: Partial<LiveStatus> = {}): LiveStatus => ({ ...live(instanceId, change), updatedAt: expect.any(Number) as number });
const tenure = (instanceId: string, epoch = 0) => ({ instanceId, epoch });

describe('the status board on Redis', () => {
  let rig: RedisRig;
  beforeEach(async () => { rig = await createRedisRig(); });
  afterEach(() => rig.close());

  it('shows every process what one has put', async () => {
    const [one, two] = [await rig.opened(), await rig.opened()];
    await one.board.put(live('a'));
    await two.board.put(live('b'));
    expect(await two.board.get('a')).toEqual(shown('a'));
    expect([...(await one.board.getMany(['a', 'b', 'c'])).keys()]).toEqual(['a', 'b']);
    await two.board.remove(tenure('a'));
    expect(await one.board.get('a')).toBeNull();
  });

  it('does not bring back what another process removed', async () => {
    const clock = createTestClock();
    const [one, two] = [await rig.opened({ clock }), await rig.opened()];
    await one.board.put(live('a'));
    await two.board.remove(tenure('a'));
    await one.board.put(live('b'));
    await rig.redis.command('DEL', `${rig.prefix}:status:b`);
    await clock.advance(REFRESH_MS);
    await until('it has written its own again', async () => await two.board.get('b') !== null);
    expect([await one.board.get('a'), await two.board.get('a')]).toEqual([null, null]);
    await one.board.put(live('a'));
    expect(await two.board.get('a')).toEqual(shown('a'));
  });

  it('keeps an entry as long as its process lives, and tells when it was there last', async () => {
    const clock = createTestClock(1_000);
    const [{ board }, other] = [await rig.opened({ clock }), await rig.opened()];
    await board.put(live('a'));
    expect((await other.board.get('a'))?.updatedAt).toBe(1_000);
    const key = `${rig.prefix}:status:a`;
    const lifetime = async () => Number((await rig.redis.command('PTTL', key)).slice(1));
    expect(await lifetime()).toBeGreaterThan(LIFETIME_MS - 5_000);
    expect(await lifetime()).toBeLessThanOrEqual(LIFETIME_MS);
    // Nearly over; the process is still there.
    await rig.redis.command('PEXPIRE', key, '5000');
    await clock.advance(REFRESH_MS);
    await until('it is renewed', async () => await lifetime() > REFRESH_MS);
    expect((await other.board.get('a'))?.updatedAt).toBe(1_000 + REFRESH_MS);
  });

  it('shows nothing for longer than its owner may speak for the instance', async () => {
    const clock = createTestClock();
    let lastsMs = 9_000;
    const { board } = await rig.opened({ clock, lastsMs: () => lastsMs });
    const lifetime = async () => Number((await rig.redis.command('PTTL', `${rig.prefix}:status:a`)).slice(1));
    await board.put(live('a', { epoch: 5 }));
    expect(await lifetime()).toBeGreaterThan(8_000);
    expect(await lifetime()).toBeLessThanOrEqual(9_000);
    // The lease was not renewed since.
    lastsMs = 5_250;
    await clock.advance(REFRESH_MS);
    await until('it was written again', async () => await lifetime() <= 5_250);
    lastsMs = Infinity;
    await board.put(live('a', { epoch: 5 }));
    expect(await lifetime()).toBeGreaterThan(LIFETIME_MS - 1_000);
  });

  it('lets an entry of a process that is gone end with its lifetime', async () => {
    const [one, two] = [await rig.opened({ statusLifetimeMs: 300 }), await rig.opened()];
    await one.board.put(live('a'));
    expect(await two.board.get('a')).not.toBeNull();
    await one.close();
    await until('it is gone', async () => await two.board.get('a') === null);
  });

  it('leaves an entry to the process that put it last', async () => {
    const clock = createTestClock();
    const [one, two] = [await rig.opened({ clock }), await rig.opened()];
    await one.board.put(live('a'));
    await two.board.put(live('a', { status: 'DISCONNECTED' }));
    await one.board.put(live('b'));
    await rig.redis.command('DEL', `${rig.prefix}:status:b`);
    await clock.advance(REFRESH_MS);
    await until('it has written its own again', async () => await two.board.get('b') !== null);
    expect((await two.board.get('a'))?.status).toBe('DISCONNECTED');
    expect((await one.board.get('a'))?.status).toBe('DISCONNECTED');
  });

  it('answers from its own entries while Redis is away, and brings them back', async () => {
    const [opened, other] = [await rig.opened(), await rig.opened()];
    const { board } = opened;
    await board.put(live('a'));
    await board.put(live('gone'));
    await rig.redis.stop();
    await until('it is known to be away', async () => (await opened.health()).status === 'down');
    expect(await board.get('a')).toEqual(shown('a'));
    await board.put(live('a', { lastSeen: 2 }));
    await board.put(live('b'));
    await board.remove(tenure('gone'));
    expect([...(await board.getMany(['a', 'b', 'gone'])).values()]).toEqual([shown('a', { lastSeen: 2 }), shown('b')]);
    await rig.redis.start();
    await untilUp(other);
    await until('all is as it was said meanwhile', async () => await other.board.get('b') !== null && await other.board.get('gone') === null);
    expect(await other.board.get('a')).toEqual(shown('a', { lastSeen: 2 }));
  });

  it('is written again after Redis was emptied', async () => {
    const clock = createTestClock();
    const [one, two] = [await rig.opened({ clock }), await rig.opened()];
    await one.board.put(live('a'));
    await rig.redis.flush();
    // Its own process knows it still.
    expect(await one.board.get('a')).toEqual(shown('a'));
    await clock.advance(REFRESH_MS);
    await until('the others see it again', async () => await two.board.get('a') !== null);
  });

  it('shows nothing late of an owner of the past, and nothing of its refreshes', async () => {
    const clock = createTestClock();
    const [former, owner, other] = [await rig.opened({ clock }), await rig.opened(), await rig.opened()];
    await former.board.put(live('a', { epoch: 5 }));
    await former.board.put(live('b', { epoch: 5 }));
    await owner.board.put(live('a', { epoch: 6, status: 'CONNECTING' }));
    const stays = async () => {
      for (const { board } of [former, owner, other]) expect(await board.get('a')).toEqual(shown('a', { epoch: 6, status: 'CONNECTING' }));
    };
    await stays();
    await rig.redis.command('DEL', `${rig.prefix}:status:b`);
    await clock.advance(REFRESH_MS);
    await until('it has written its own again', async () => await other.board.get('b') !== null);
    await stays();
    await former.board.put(live('a', { epoch: 5 }));
    await former.board.remove(tenure('a', 5));
    await former.board.forget(tenure('a', 5));
    await stays();
  });

  it('takes the entry of a tenure away that is given back, and does not keep it up', async () => {
    const clock = createTestClock();
    const [one, two] = [await rig.opened({ clock }), await rig.opened()];
    await one.board.put(live('a', { epoch: 5 }));
    await one.board.put(live('b', { epoch: 5 }));
    await one.board.forget(tenure('a', 5));
    expect([await one.board.get('a'), await two.board.get('a')]).toEqual([null, null]);
    await rig.redis.flush();
    await clock.advance(REFRESH_MS);
    await until('it has written the other again', async () => await two.board.get('b') !== null);
    expect(await two.board.get('a')).toBeNull();
  });

  it('is not told anything by a process whose time is over, as after a pause', async () => {
    const clock = createTestClock();
    const over = new Set<string>();
    const [paused, other] = [await rig.opened({ clock, lastsMs: ({ instanceId }) => over.has(instanceId) ? 0 : Infinity }), await rig.opened()];
    await paused.board.put(live('a', { epoch: 5 }));
    await paused.board.put(live('b', { epoch: 5 }));
    // Its entries have run out meanwhile, and the new owner has not shown anything yet.
    await rig.redis.flush();
    over.add('a');
    await clock.advance(REFRESH_MS);
    await until('it has written what it may', async () => await other.board.get('b') !== null);
    expect([await paused.board.get('a'), await other.board.get('a')]).toEqual([null, null]);
  });

  it('says nothing of what others own while Redis is away', async () => {
    const [one, two] = [await rig.opened(), await rig.opened()];
    await one.board.put(live('a', { epoch: 5 }));
    expect(await two.board.get('a')).not.toBeNull();
    await rig.redis.stop();
    await until('it is known to be away', async () => (await two.health()).status === 'down');
    expect(await two.board.get('a')).toBeNull();
    expect(await one.board.get('a')).toEqual(shown('a', { epoch: 5 }));
    // A former owner's time ends, and Redis cannot be told; nor is it told later.
    await one.board.forget(tenure('a', 5));
    expect(await one.board.get('a')).toBeNull();
  });
});
