import type { Logger } from 'pino';
import type { Clock } from '../../ports/clock.js';
import type { SendQueue } from '../../ports/send-queue.js';
import type { StatusBoard } from '../../ports/status-board.js';
import { createBullmqSendQueue } from '../bullmq/send-queue.js';
import { checkServer } from './check-server.js';
import { openRedisClients } from './redis-clients.js';
import { createRedisStatusBoard } from './status-board.js';

export interface RedisOptions {
  /** redis:// or rediss:// */
  url: string;
  /** Before every key, so that several installations can share a Redis. */
  prefix: string;
  clock: Clock;
  logger: Logger;
}

/** What a gateway has on Redis. */
export interface OpenRedis {
  board: StatusBoard;
  queue: SendQueue;
  /** Calls `listener` each time Redis comes, the first time included: it may have been emptied, so announce again what waits. */
  onReady(listener: () => void): void;
  health(): Promise<RedisHealth>;
  /** Stops the queue and closes the connections, within seconds of the last turn's end, whether Redis is there or not. Idempotent. */
  close(): Promise<void>;
}

export interface RedisHealth { status: 'up' | 'down'; latencyMs: number | null }

/** Puts together what runs on Redis. It does not wait for Redis: the gateway starts without, and goes on when it comes. */
export function openRedis({ url, prefix, clock, logger }: RedisOptions): OpenRedis {
  const clients = openRedisClients({ url, logger });
  const board = createRedisStatusBoard({ clients, prefix, clock });
  const queue = createBullmqSendQueue({ clients, prefix, clock, logger });
  clients.onReady(() => void checkServer(clients, logger));
  let closing: Promise<void> | null = null;

  return {
    board,
    queue,
    onReady: clients.onReady,
    async health() {
      const started = clock.now();
      const answered = await clients.commands.ping().then(() => true, () => false);
      return answered ? { status: 'up', latencyMs: clock.now() - started } : { status: 'down', latencyMs: null };
    },
    close() {
      closing ??= (async () => {
        await queue.stop();
        board.close();
        clients.close();
      })();
      return closing;
    },
  };
}
