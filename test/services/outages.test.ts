import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeOutbox } from '../contracts/support/fake-outbox';
import { until } from '../support/until';
import { createRedisRig, linesWith, untilUp, type RedisRig } from './support/redis-rig';

const HOUR_MS = 3_600_000;

describe('the send queue on Redis', () => {
  let rig: RedisRig;
  beforeEach(async () => { rig = await createRedisRig(); });
  afterEach(() => rig.close());

  const entries = (...messageIds: string[]) => messageIds.map(messageId => ({ messageId, dueAt: Date.now() }));

  it('gives what a killed process had under way to the next one, soon', async () => {
    const { queue } = await rig.opened();
    await queue.announce('one', entries('a'));
    const program = fileURLToPath(new URL('support/queue-process.mjs', import.meta.url));
    const child = spawn(process.execPath, [program, rig.redis.url, rig.prefix, 'one'], { stdio: ['pipe', 'pipe', 'inherit'] });
    let printed = '';
    child.stdout.on('data', (chunk: Buffer) => { printed += chunk.toString('utf8'); });
    await until('the process works the message', () => printed.includes('turn a'));
    child.kill('SIGKILL');
    await new Promise(resolve => child.once('close', resolve));

    const outbox = createFakeOutbox();
    outbox.accept(entries('a'));
    await queue.open('one', outbox.work);
    // Opening looks at what is due, whatever the queue thinks of its jobs.
    await until('it is sent', () => outbox.sent.length === 1);
    expect(outbox.asked('a')).toEqual([]);
    await until('Redis gives the job again', () => outbox.asked('a').length === 1, 40_000);
    expect(outbox.sent).toEqual(['a']);
  });

  it('goes on after it was emptied: while the worker is idle, while a turn is under way, and while something waits for its time', async () => {
    const { queue } = await rig.opened();
    const outbox = createFakeOutbox();
    outbox.forgetsTimes();
    await queue.open('one', outbox.work);
    outbox.accept(entries('a'));
    await queue.announce('one', entries('a'));
    await until('the first is sent', () => outbox.sent.length === 1);

    await rig.redis.flush();
    outbox.accept(entries('b'));
    await queue.announce('one', entries('b'));
    await until('the second is sent', () => outbox.sent.length === 2);

    const held = outbox.hold();
    const more = entries('c', 'd', 'e');
    outbox.accept(more);
    await queue.announce('one', more);
    await until('a turn is under way', () => outbox.underWay());
    await rig.redis.flush();
    held.release();
    // Lost with Redis, hence announced again.
    await queue.announce('one', entries('d', 'e'));
    await until('all are sent', () => outbox.sent.length === 5);

    const later = [{ messageId: 'f', dueAt: Date.now() + 300 }];
    outbox.accept(later);
    await queue.announce('one', later);
    await rig.redis.flush();
    await queue.announce('one', later);
    await until('the last is sent', () => outbox.sent.length === 6);
    expect(outbox.sent).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  });

  it.each(['stop', 'kill'] as const)('survives that Redis is away (%s): announcing does not wait, and what is open is worked when it is back', async way => {
    const opened = await rig.opened();
    const { queue } = opened;
    let readies = 0;
    opened.onReady(() => { readies += 1; });
    const outbox = createFakeOutbox();
    await queue.open('one', outbox.work);
    outbox.accept(entries('a'));
    await queue.announce('one', entries('a'));
    await until('the first is sent', () => outbox.sent.length === 1);

    await rig.redis[way]();
    await until('it is known to be away', async () => (await opened.health()).status === 'down');
    outbox.accept(entries('b', 'c'));
    // Resolves although there is no Redis: nothing of this is in it when it comes back.
    await queue.announce('one', entries('b', 'c'));
    expect(outbox.sent).toEqual(['a']);
    await rig.redis.start();
    await until('they are sent', () => outbox.sent.length === 3);
    expect(outbox.sent).toEqual(['a', 'b', 'c']);
    expect(readies).toBe(1);
    // One line when it went, one when it came, however often it was tried.
    expect(linesWith(rig.log, 'the connection to Redis is lost')).toHaveLength(1);
    expect(linesWith(rig.log, 'Redis is there again')).toHaveLength(1);
    expect(linesWith(rig.log, 'Redis cannot be used')).toEqual([]);
  });

  it('ends the turn under way while Redis is away, and is none the worse for it', async () => {
    const opened = await rig.opened();
    const { queue } = opened;
    const outbox = createFakeOutbox();
    const held = outbox.hold();
    await queue.open('one', outbox.work);
    outbox.accept(entries('a'));
    await queue.announce('one', entries('a'));
    await until('a turn is under way', () => outbox.underWay());
    await rig.redis.stop();
    held.release();
    await until('it is sent', () => outbox.sent.length === 1);
    await rig.redis.start();
    await untilUp(opened);
    outbox.accept(entries('b'));
    await queue.announce('one', entries('b'));
    await until('the next is sent', () => outbox.sent.length === 2);
    expect(outbox.sent).toEqual(['a', 'b']);
  });

  it('works what came while Redis was away, even if Redis does not know yet that the turn before has ended', async () => {
    const opened = await rig.opened();
    const outbox = createFakeOutbox();
    await opened.queue.open('one', outbox.work);
    for (let round = 1; round <= 5; round++) {
      const held = outbox.hold();
      const before = outbox.turns();
      await opened.queue.announce('one', entries(`nothing${round}`));
      await until('a turn is under way', () => outbox.underWay() && outbox.turns() > before);
      await rig.redis.kill();
      await until('it is known to be away', async () => (await opened.health()).status === 'down');
      held.release();
      await until('the turn has ended', () => !outbox.underWay());
      outbox.accept(entries(`m${round}`));
      await opened.queue.announce('one', entries(`m${round}`));
      await rig.redis.start();
      await until(`m${round} is sent`, () => outbox.sent.length === round);
    }
  });

  it('does not hang on a Redis that hangs', async () => {
    const { queue, board } = await rig.opened();
    const outbox = createFakeOutbox();
    await queue.open('one', outbox.work);
    rig.redis.freeze();
    outbox.accept(entries('a'));
    await queue.announce('one', entries('a'));
    expect(await board.get('one')).toBeNull();
    rig.redis.resume();
    await queue.announce('one', entries('a'));
    await until('it is sent', () => outbox.sent.length === 1);
  });

  it.each([['idle', 0], ['waiting', HOUR_MS]])('stops although Redis is away, %s', async (_state, pauseMs) => {
    const opened = await rig.opened();
    const outbox = createFakeOutbox();
    outbox.pauseUntil(Date.now() + pauseMs);
    await opened.queue.open('one', outbox.work);
    outbox.accept(entries('a'));
    await opened.queue.announce('one', entries('a'));
    await until('it was worked', () => outbox.sent.length + outbox.refusals() > 0);
    await rig.redis.kill();
    await until('it is known to be away', async () => (await opened.health()).status === 'down');
    await opened.queue.close('one');
    await opened.queue.open('one', outbox.work);
    await opened.close();
    await opened.close();
    await rig.redis.start();
  });

  it('starts without Redis, says so with what to do, and begins when it comes', async () => {
    await rig.redis.stop();
    const opened = rig.open();
    const outbox = createFakeOutbox();
    outbox.accept(entries('a'));
    await opened.queue.open('one', outbox.work);
    await opened.queue.announce('one', entries('a'));
    await until('it is logged', () => linesWith(rig.log, 'ECONNREFUSED').length > 0);
    expect(linesWith(rig.log, 'ECONNREFUSED')).toMatchObject([{ level: 50, hint: expect.stringContaining('REDIS_URL') as string, redis: `127.0.0.1:${rig.redis.port}` }]);
    expect(outbox.sent).toEqual([]);
    await rig.redis.start();
    await until('it is sent', () => outbox.sent.length === 1);
    expect(linesWith(rig.log, 'ECONNREFUSED')).toHaveLength(1);
  });

  it('hands an instance over in order, jobs and all', async () => {
    const [first, second] = [await rig.opened(), await rig.opened()];
    const outbox = createFakeOutbox();
    outbox.pauseUntil(Date.now() + HOUR_MS);
    await first.queue.open('one', outbox.work);
    const all = entries('a', 'b', 'c');
    outbox.accept(all);
    await second.queue.announce('one', all);
    await until('the first node waits', () => outbox.refusals() > 0);
    await first.close();
    // The job that was held is back in the queue, and nobody's.
    expect(await rig.redis.command('LLEN', `${rig.prefix}:send:one:active`)).toBe(':0\r\n');
    expect(await rig.redis.command('LRANGE', `${rig.prefix}:send:one:wait`, '-1', '-1')).toMatch(/look_|q_a/);
    outbox.pauseUntil(0);
    await second.queue.open('one', outbox.work);
    await until('all are sent', () => outbox.sent.length === 3);
    expect(outbox.sent).toEqual(['a', 'b', 'c']);
  });

  it('takes two connections, and one for each open instance', async () => {
    const opened = await rig.opened();
    for (let index = 0; index < 5; index++) await opened.queue.open(`i${index}`, async () => null);
    for (let index = 0; index < 20; index++) await opened.queue.announce(`other${index}`, entries('a'));
    // The one that asks is one, too.
    const connections = async () => (await rig.redis.command('CLIENT', 'LIST')).match(/ addr=/g)?.length;
    await until('each worker has its own', async () => await connections() === 2 + 5 + 1);
    await opened.queue.close('i0');
    await until('one is closed', async () => await connections() === 2 + 4 + 1);
    await opened.close();
    await until('all are closed', async () => await connections() === 1);
  });

  it('leaves nothing in Redis of what went out, and nothing at all of what is forgotten', async () => {
    const { queue } = await rig.opened();
    const outbox = createFakeOutbox();
    const later = [{ messageId: 'later', dueAt: Date.now() + HOUR_MS }];
    // The first look finds it, and is told to come again in an hour: that is no reason to keep the others' jobs waiting.
    outbox.accept(later);
    await queue.open('one', outbox.work);
    await until('it waits', () => outbox.refusals() > 0);
    outbox.accept(entries('a', 'b'));
    await queue.announce('one', [...entries('a', 'b'), ...later]);
    await until('both are sent', () => outbox.sent.length === 2);
    const keys = async () => rig.redis.command('KEYS', '*');
    await until('their jobs are gone', async () => !/q_(a|b)|look_(?!at_)/.test(await keys()));
    expect(await keys()).toContain('q_later');
    await queue.forget('one');
    expect(await keys()).not.toContain(':one:');
  });
});
