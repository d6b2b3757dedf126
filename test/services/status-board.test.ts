import type { LiveStatus } from '@gateway/ports/status-board.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestClock } from '../support/test-clock';
import { until } from '../support/until';
import { createRedisRig, untilUp, type RedisRig } from './support/redis-rig';

const REFRESH_MS = 15_000;

const live = (instanceId: string, change: Partial<LiveStatus> = {}): LiveStatus => ({
  instanceId, status: 'CONNECTED', reason: 'connected', qr: null, phoneNumber: '15550001111', lastSeen: 1, connectedAt: 1, updatedAt: 1, ...change,
});

describe('the status board on Redis', () => {
  let rig: RedisRig;
  beforeEach(async () => { rig = await createRedisRig(); });
  afterEach(() => rig.close());

  it('shows every process what one has put', async () => {
    const [one, two] = [await rig.opened(), await rig.opened()];
    await one.board.put(live('a'));
    await two.board.put(live('b'));
    expect(await two.board.get('a')).toEqual(live('a'));
    expect([...(await one.board.getMany(['a', 'b', 'c'])).keys()]).toEqual(['a', 'b']);
    await two.board.remove('a');
    expect(await one.board.get('a')).toBeNull();
  });

  it('does not bring back what another process removed', async () => {
    const clock = createTestClock();
    const [one, two] = [await rig.opened({ clock }), await rig.opened()];
    await one.board.put(live('a'));
    await two.board.remove('a');
    await one.board.put(live('b'));
    await rig.redis.command('DEL', `${rig.prefix}:status:b`);
    await clock.advance(REFRESH_MS);
    await until('it has written its own again', async () => await two.board.get('b') !== null);
    expect([await one.board.get('a'), await two.board.get('a')]).toEqual([null, null]);
    await one.board.put(live('a'));
    expect(await two.board.get('a')).toEqual(live('a'));
  });

  it('keeps an entry as long as its process lives', async () => {
    const clock = createTestClock();
    const { board } = await rig.opened({ clock });
    await board.put(live('a'));
    const key = `${rig.prefix}:status:a`;
    const lifetime = async () => Number((await rig.redis.command('PTTL', key)).slice(1));
    expect(await lifetime()).toBeGreaterThan(REFRESH_MS);
    expect(await lifetime()).toBeLessThanOrEqual(3 * REFRESH_MS);
    // Nearly over; the process is still there.
    await rig.redis.command('PEXPIRE', key, '5000');
    await clock.advance(REFRESH_MS);
    await until('it is renewed', async () => await lifetime() > REFRESH_MS);
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
    expect(await board.get('a')).toEqual(live('a'));
    await board.put(live('a', { lastSeen: 2 }));
    await board.put(live('b'));
    await board.remove('gone');
    expect([...(await board.getMany(['a', 'b', 'gone'])).values()]).toEqual([live('a', { lastSeen: 2 }), live('b')]);
    await rig.redis.start();
    await untilUp(other);
    await until('all is as it was said meanwhile', async () => await other.board.get('b') !== null && await other.board.get('gone') === null);
    expect(await other.board.get('a')).toEqual(live('a', { lastSeen: 2 }));
  });

  it('is written again after Redis was emptied', async () => {
    const clock = createTestClock();
    const [one, two] = [await rig.opened({ clock }), await rig.opened()];
    await one.board.put(live('a'));
    await rig.redis.flush();
    // Its own process knows it still.
    expect(await one.board.get('a')).toEqual(live('a'));
    await clock.advance(REFRESH_MS);
    await until('the others see it again', async () => await two.board.get('a') !== null);
  });
});
