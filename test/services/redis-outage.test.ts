import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRedis, type TestRedis } from '../support/redis-server.js';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

const PHONE = '15550009001';

describe('a gateway with its queue on Redis', { timeout: 120_000 }, () => {
  let redis: TestRedis;
  let stack: Stack;
  let contact = 15550009100;
  beforeAll(async () => {
    redis = await startRedis();
    stack = await startStack({ env: { REDIS_URL: redis.url } });
    await stack.pair('demo', PHONE);
    await stack.api.patch('/instances/demo', { settings: { sendIntervalMs: 0 } });
  });
  afterAll(async () => {
    await stack?.stop();
    await redis?.remove();
  });

  const queue = async (to: string, text: string) => await stack.api.post('/instances/demo/messages/text?async=true', { to, text }, 202) as { messageId: string };
  const texts = (to: string) => stack.simulator.contacts.received(to).map(({ text }) => text);
  const numbered = (count: number) => Array.from({ length: count }, (_, index) => `number ${index}`);

  it('sends in order, and shows its status in Redis', async () => {
    const to = String(contact += 1);
    for (const text of numbered(30)) await queue(to, text);
    await until('all have arrived', () => texts(to).length === 30);
    expect(texts(to)).toEqual(numbered(30));
    expect(await redis.command('KEYS', '*')).toContain('demo');
  });

  it('loses nothing when Redis is emptied, and when it is restarted, in the middle', async () => {
    const to = String(contact += 1);
    for (const [index, text] of numbered(120).entries()) {
      await queue(to, text);
      if (index === 40) await redis.flush();
      if (index === 80) await redis.restart();
    }
    await until('all have arrived', () => texts(to).length === 120, 60_000);
    expect(texts(to)).toEqual(numbered(120));
    expect(stack.simulator.contacts.received(to).every(({ times }) => times === 1)).toBe(true);
  });

  it('goes on without Redis for 20 s: sends, accepts, and sends that later', async () => {
    const to = String(contact += 1);
    await redis.stop();
    const until20 = Date.now() + 20_000;
    const accepted: string[] = [];
    for (let number = 0; Date.now() < until20; number += 1) {
      const text = `without ${number}`;
      const before = Date.now();
      await queue(to, text);
      expect(Date.now() - before).toBeLessThan(1_000);
      accepted.push(text);
      await stack.api.post('/instances/demo/messages/text', { to: '15550009099', text: `at once ${number}` }, 201);
      await new Promise(resolve => setTimeout(resolve, 1_000));
    }
    expect((await stack.api.get('/instances/demo') as { status: string }).status).toBe('CONNECTED');
    await redis.start();
    await until('all have arrived', () => texts(to).length === accepted.length, 60_000);
    expect(texts(to)).toEqual(accepted);
  });
});
