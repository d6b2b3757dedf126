import { randomUUID } from 'node:crypto';
import { openRedis, type OpenRedis } from '@gateway/adapters/redis/open-redis.js';
import { createSystemClock } from '@gateway/adapters/system/clock.js';
import { afterAll, beforeAll } from 'vitest';
import { describeNodeLinkContract } from '../contracts/node-link.contract';
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
describeNodeLinkContract('Redis', async logger => {
  const prefix = randomUUID();
  const opened: OpenRedis[] = [];
  const openNode = (nodeId: string) => {
    const one = openRedis({ url: redis.url, prefix, clock: createSystemClock(), logger });
    opened.push(one);
    return one.link(nodeId);
  };
  await openNode('there').serve(async () => 'yes');
  return {
    async node(nodeId) {
      const link = openNode(nodeId);
      await until('it can call', () => link.call('there', { verb: 'ask', args: [] }, 1_000).then(() => true, () => false));
      return link;
    },
    close: async () => void await Promise.all(opened.map(one => one.close())),
  };
});
