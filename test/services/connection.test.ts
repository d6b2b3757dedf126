import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../support/until';
import { createRedisRig, linesWith, untilUp, type RedisRig } from './support/redis-rig';

const PASSWORD = 'pass:w@rd';

describe('the connection to Redis', () => {
  let rig: RedisRig;
  afterEach(() => rig.close());
  const withPassword = (password: string, path = ''): string => rig.redis.url.replace('//', `//:${encodeURIComponent(password)}@`) + path;

  it('takes password and database from the address', async () => {
    rig = await createRedisRig(['--requirepass', PASSWORD]);
    const opened = rig.open({ url: withPassword(PASSWORD, '/3') });
    await untilUp(opened);
    await opened.queue.announce('one', [{ messageId: 'a', dueAt: Date.now() }]);
    expect(await rig.redis.command('INFO', 'keyspace')).toMatch(/db3:keys/);
  });

  it.each([['a wrong password', 'secret-but-wrong'], ['none', null]])('says what to do about %s, once, and never shows it', async (_what, password) => {
    rig = await createRedisRig(['--requirepass', PASSWORD]);
    const opened = rig.open({ url: password === null ? rig.redis.url : withPassword(password) });
    await opened.queue.open('one', async () => null);
    await until('it is logged', () => linesWith(rig.log, 'cannot be used').length > 0);
    const refusals = async () => Number(/acl_access_denied_auth:(\d+)|errorstat_NOAUTH:count=(\d+)/.exec(await rig.redis.command('INFO', 'everything'))?.slice(1).find(Boolean) ?? 0);
    const before = await refusals();
    await until('it is tried again', async () => await refusals() > before + 4);
    expect(linesWith(rig.log, 'cannot be used')).toMatchObject([{ level: 50, hint: expect.stringContaining('REDIS_URL') as string }]);
    expect(linesWith(rig.log, 'secret')).toEqual([]);
    expect(await opened.health()).toEqual({ status: 'down', latencyMs: null });
  });

  it('warns of a Redis that throws entries out', async () => {
    rig = await createRedisRig(['--maxmemory-policy', 'allkeys-lru']);
    await rig.opened();
    await until('it is logged', () => linesWith(rig.log, 'noeviction').length === 1);
  });

  it('says so when Redis takes no writes', async () => {
    rig = await createRedisRig();
    const { queue } = await rig.opened();
    await rig.redis.command('CONFIG', 'SET', 'maxmemory', '1');
    await queue.announce('one', [{ messageId: 'a', dueAt: Date.now() }]);
    await queue.announce('one', [{ messageId: 'b', dueAt: Date.now() }]);
    expect(linesWith(rig.log, 'refused a command')).toMatchObject([{ level: 50, hint: 'Redis takes no writes: see its own log.' }]);
  });
});
