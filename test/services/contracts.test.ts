import { randomUUID } from 'node:crypto';
import { openRedis } from '@gateway/adapters/redis/open-redis.js';
import { createSystemClock } from '@gateway/adapters/system/clock.js';
import { afterAll, beforeAll } from 'vitest';
import { describeSendQueueContract } from '../contracts/send-queue.contract';
import { describeStatusBoardContract } from '../contracts/status-board.contract';
import { collectingLogger } from '../support/logger';
import { startRedis, type TestRedis } from '../support/redis-server';
import { until } from '../support/until';

let redis: TestRedis;
beforeAll(async () => { redis = await startRedis(); });
afterAll(() => redis.remove());

/** Its own prefix keeps a test apart from the others. */
async function openOwn(logger = collectingLogger([])) {
  const opened = openRedis({ url: redis.url, prefix: randomUUID(), clock: createSystemClock(), logger });
  await until('Redis is there', async () => (await opened.health()).status === 'up');
  return opened;
}

describeSendQueueContract('BullMQ', openOwn);
describeStatusBoardContract('Redis', openOwn);
