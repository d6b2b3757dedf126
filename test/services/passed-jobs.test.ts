import { createBullmqSendQueue } from '@gateway/adapters/bullmq/send-queue.js';
import { openRedisClients } from '@gateway/adapters/redis/redis-clients.js';
import { createSystemClock } from '@gateway/adapters/system/clock.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { collectingLogger } from '../support/logger.js';
import { startRedis, type TestRedis } from '../support/redis-server.js';
import { until } from '../support/until.js';

let redis: TestRedis;
beforeAll(async () => { redis = await startRedis(); });
afterAll(() => redis?.remove());

/** A node takes asynchronous sends for instances of all nodes, also of those that are gone by tomorrow. */
test('a node that announces messages of ever other instances, which others have open, does not keep something of each', async () => {
  const log: Record<string, unknown>[] = [];
  const [clock, logger] = [createSystemClock(), collectingLogger(log, 'info')];
  const clients = openRedisClients({ url: redis.url, logger });
  const queue = createBullmqSendQueue({ clients, prefix: 'passed', clock, logger });
  await until('Redis is there', () => clients.isReady());
  const before = clients.commands.listenerCount('ready');
  const later = Date.now() + 3_600_000;
  const ids = Array.from({ length: 400 }, (_, index) => `shop-${index}`);
  await Promise.all(ids.map(instanceId => queue.announce(instanceId, [{ messageId: `of ${instanceId}`, dueAt: later }])));
  const kept = clients.commands.listenerCount('ready') - before;
  const waiting = (await redis.command('KEYS', 'passed:send:*:delayed')).match(/:delayed/g)?.length;
  await queue.stop();
  expect(clients.commands.listenerCount('ready')).toBe(before);
  clients.close();
  // Each was announced all the same.
  expect([waiting, log.filter(({ level }) => level !== 30)]).toEqual([ids.length, []]);
  expect(kept).toBeLessThanOrEqual(ids.length / 4);
});
