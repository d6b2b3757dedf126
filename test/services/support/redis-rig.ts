import { randomUUID } from 'node:crypto';
import { openRedis, type OpenRedis, type RedisOptions } from '@gateway/adapters/redis/open-redis.js';
import { createSystemClock } from '@gateway/adapters/system/clock.js';
import { collectingLogger } from '../../support/logger';
import { startRedis, type TestRedis } from '../../support/redis-server';
import { until } from '../../support/until';

type OpenOptions = Partial<Omit<RedisOptions, 'prefix' | 'logger'>>;

/** A Redis, and processes' worth of adapters on it. */
export interface RedisRig {
  redis: TestRedis;
  prefix: string;
  /** All that was logged from `info` up. */
  log: Record<string, unknown>[];
  /** Another gateway's adapters on the same Redis and prefix. */
  open(options?: OpenOptions): OpenRedis;
  /** That, once Redis is there. */
  opened(options?: OpenOptions): Promise<OpenRedis>;
  close(): Promise<void>;
}

export async function createRedisRig(options: string[] = []): Promise<RedisRig> {
  const redis = await startRedis(options);
  const prefix = `test-${randomUUID()}`;
  const log: Record<string, unknown>[] = [];
  const all: OpenRedis[] = [];
  const open: RedisRig['open'] = ({ url = redis.url, clock = createSystemClock(), ...rest } = {}) => {
    const one = openRedis({ ...rest, url, prefix, clock, logger: collectingLogger(log, 'info') });
    all.push(one);
    return one;
  };
  return {
    redis, prefix, log, open,
    async opened(own) {
      const one = open(own);
      await untilUp(one);
      return one;
    },
    async close() {
      await Promise.all(all.map(one => one.close()));
      await redis.remove();
    },
  };
}

export function untilUp(opened: OpenRedis): Promise<void> {
  return until('Redis is there', async () => (await opened.health()).status === 'up');
}

/** What was logged with this text. */
export function linesWith(log: Record<string, unknown>[], text: string): Record<string, unknown>[] {
  return log.filter(line => JSON.stringify(line).includes(text));
}
