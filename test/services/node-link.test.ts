import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { NodeLink } from '@gateway/ports/node-link.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../support/until';
import { createRedisRig, linesWith, type RedisRig } from './support/redis-rig';

const time = (ms: number) => new Promise(resolve => { setTimeout(resolve, ms); });
const LONG_MS = 30_000;

describe('calls between nodes on Redis', () => {
  let rig: RedisRig;
  beforeEach(async () => { rig = await createRedisRig(); });
  afterEach(() => rig.close());

  const ask = (link: NodeLink, value: unknown, timeoutMs = LONG_MS) => link.call('b', { verb: 'ask', args: [value] }, timeoutMs);
  const failureOf = (call: Promise<unknown>) => call.then(value => ({ value }), (error: unknown) => error);
  const untilItAnswers = (link: NodeLink) => until('the other node answers', async () => (await failureOf(ask(link, 'there?')) as { value?: unknown }).value === 'there?');

  /** Two nodes; the second answers with what it is asked, and counts, and keeps `slow` waiting. */
  async function openTwo() {
    const [a, b] = [(await rig.opened()).link('a'), (await rig.opened()).link('b')];
    const taken: unknown[] = [];
    await b.serve(({ args }) => {
      taken.push(args[0]);
      return args[0] === 'slow' ? new Promise(() => undefined) : Promise.resolve(args[0]);
    });
    await untilItAnswers(a);
    const count = (value: unknown) => taken.filter(one => one === value).length;
    return { a, b, count };
  }

  it.each(['stop', 'kill'] as const)('says at once that nobody can be reached while Redis is away (%s), and goes on when it is back', async way => {
    const { a, b, count } = await openTwo();
    const heard: unknown[] = [];
    b.onTold('topic', value => heard.push(value));
    await rig.redis[way]();
    await until('it is noticed', async () => {
      const started = Date.now();
      expect(await failureOf(ask(a, 'lost'))).toMatchObject({ code: 'owner_unreachable' });
      expect(Date.now() - started).toBeLessThan(2_000);
      return (await failureOf(ask(a, 'not sent')) as { details: { reached: boolean } }).details.reached === false;
    });
    a.tell('topic', 'lost');
    await rig.redis.start();
    await untilItAnswers(a);
    expect(await ask(a, 'again')).toBe('again');
    a.tell('topic', 'heard');
    await until('it is told again', () => heard.length > 0);
    expect(heard).toEqual(['heard']);
    expect(['lost', 'not sent', 'again'].map(count)).toEqual([0, 0, 1]);
    expect(linesWith(rig.log, 'refused a command')).toEqual([]);
  });

  it('says at once that the answer is lost when the connection is, and the verb runs once', async () => {
    const { a, count } = await openTwo();
    const answer = failureOf(ask(a, 'slow'));
    await until('it is under way', () => count('slow') === 1);
    const started = Date.now();
    await rig.redis.restart();
    expect(await answer).toMatchObject({ code: 'owner_unreachable', details: { reached: true } });
    expect(Date.now() - started).toBeLessThan(5_000);
    await untilItAnswers(a);
    expect(count('slow')).toBe(1);
  });

  it('notices nothing of an emptied Redis', async () => {
    const [a, b] = [(await rig.opened()).link('a'), (await rig.opened()).link('b')];
    let finish: ((value: unknown) => void) | null = null;
    await b.serve(() => new Promise(resolve => { finish = resolve; }));
    await until('a call gets there', async () => {
      const answer = ask(a, 1);
      await Promise.race([failureOf(answer), until('it is under way', () => finish !== null)]);
      if (!finish) return false;
      await rig.redis.flush();
      finish('done');
      expect(await answer).toBe('done');
      return true;
    });
    const next = ask(a, 2);
    finish = null;
    await until('it is under way', () => finish !== null);
    (finish as unknown as (value: unknown) => void)('again');
    expect(await next).toBe('again');
  });

  it('brings the answer also when the connection was lost over which it would have gone', async () => {
    const [a, b] = [(await rig.opened()).link('a'), (await rig.opened()).link('b')];
    let finish: ((value: unknown) => void) | null = null;
    await b.serve(() => new Promise(resolve => { finish = resolve; }));
    let answer: Promise<unknown> = Promise.resolve();
    await until('a call gets there', async () => {
      answer = ask(a, 1);
      await Promise.race([failureOf(answer), until('it is under way', () => finish !== null)]);
      return finish !== null;
    });
    // Those that hear stay.
    await rig.redis.command('CLIENT', 'KILL', 'TYPE', 'normal');
    await time(20);
    (finish as unknown as (value: unknown) => void)('done');
    expect(await answer).toBe('done');
  });

  it('does not wait for a node that was killed', async () => {
    const link = (await rig.opened()).link('a');
    const program = fileURLToPath(new URL('support/link-process.mjs', import.meta.url));
    const child = spawn(process.execPath, [program, rig.redis.url, rig.prefix, 'b'], { stdio: ['pipe', 'pipe', 'inherit'] });
    let printed = '';
    child.stdout.on('data', (chunk: Buffer) => { printed += chunk.toString('utf8'); });
    await until('it is there', async () => (await failureOf(link.call('b', { verb: 'ping', args: [] }, 2_000)) as { value?: unknown }).value === 'pong');
    const answer = failureOf(link.call('b', { verb: 'send', args: [] }, LONG_MS));
    await until('it has begun', () => printed.includes('began send'));
    child.kill('SIGKILL');
    await once(child, 'close');
    const started = Date.now();
    expect(await answer).toMatchObject({ code: 'owner_unreachable', details: { reached: true, nodeId: 'b' } });
    expect(Date.now() - started).toBeLessThan(5_000);
    expect(await failureOf(link.call('b', { verb: 'send', args: [] }, LONG_MS))).toMatchObject({ code: 'owner_unreachable', details: { reached: false, nodeId: 'b' }, hint: expect.stringContaining('REDIS_PREFIX') as string });
  });

  it('does not begin what arrives when its caller has given up', async () => {
    const { a, count } = await openTwo();
    rig.redis.freeze();
    const late = await failureOf(ask(a, 'too late', 300));
    rig.redis.resume();
    expect(late).toMatchObject({ code: 'owner_unreachable', details: { reached: true } });
    // Whatever was sent before it has arrived, too.
    expect(await ask(a, 'after it')).toBe('after it');
    expect(count('too late')).toBe(0);
  });

  it('goes on waiting for a Redis that hangs for a moment', async () => {
    const { a, count } = await openTwo();
    rig.redis.freeze();
    const answer = ask(a, 'patience');
    setTimeout(() => rig.redis.resume(), 1_500);
    expect(await answer).toBe('patience');
    expect(count('patience')).toBe(1);
  });

  it('soon tries again to listen when Redis was too slow to say that it does', async () => {
    const [first, second] = [await rig.opened(), await rig.opened()];
    const [a, b] = [first.link('a'), second.link('b')];
    await b.serve(({ args }) => Promise.resolve(args[0]));
    await untilItAnswers(a);
    rig.redis.freeze();
    // Both come to believe that they hear nothing: one for the answers, one for the calls.
    await Promise.all([a, b].map(link => link.serve(({ args }) => Promise.resolve(args[0]))));
    rig.redis.resume();
    const started = Date.now();
    await untilItAnswers(a);
    expect(Date.now() - started).toBeLessThan(2_000);
  });

  it('takes its time to begin where Redis does: who serves can be called at once', async () => {
    const a = (await rig.opened()).link('a');
    await a.serve(() => Promise.resolve());
    rig.redis.freeze();
    const b = rig.open().link('b');
    setTimeout(() => rig.redis.resume(), 700);
    await b.serve(({ args }) => Promise.resolve(args[0]));
    expect(await ask(a, 'at once', 5_000)).toBe('at once');
  });

  it('takes no call twice', async () => {
    const { a, count } = await openTwo();
    const request = JSON.stringify({ id: 'the-same', from: 'nobody', until: Date.now() + LONG_MS, verb: 'ask', args: ['twice'] });
    for (let time = 0; time < 3; time++) expect(await rig.redis.command('PUBLISH', `${rig.prefix}:node:b`, request.replaceAll('"', '\\"').replace(/^(.*)$/, '"$1"'))).toBe(':1\r\n');
    expect(await ask(a, 'after them')).toBe('after them');
    expect(count('twice')).toBe(1);
  });

  it('is not disturbed by what no node would say', async () => {
    const { a, b } = await openTwo();
    for (const channel of [`${rig.prefix}:node:b`, `${rig.prefix}:reply:a`, `${rig.prefix}:told`]) await rig.redis.command('PUBLISH', channel, '{nonsense');
    expect(await ask(a, 'still there')).toBe('still there');
    expect(linesWith(rig.log, 'could not be understood')).toHaveLength(4);
    await b.close();
  });

  it('starts without Redis, and takes calls when it comes', async () => {
    await rig.redis.stop();
    const [a, b] = [rig.open().link('a'), rig.open().link('b')];
    await b.serve(async ({ args }) => args[0]);
    expect(await failureOf(ask(a, 1))).toMatchObject({ code: 'owner_unreachable', details: { reached: false } });
    a.tell('topic', 1);
    await rig.redis.start();
    await untilItAnswers(a);
  });

  it('takes one more connection, and gives it back', async () => {
    const opened = await rig.opened();
    const connections = async () => (await rig.redis.command('CLIENT', 'LIST')).match(/ addr=/g)?.length;
    await until('two, and the one that asks', async () => await connections() === 3);
    const link = opened.link('a');
    await until('one more', async () => await connections() === 4);
    await link.close();
    await opened.close();
    await until('all are closed', async () => await connections() === 1);
  });
});
