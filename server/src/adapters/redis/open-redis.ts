import type { Logger } from 'pino';
import type { Tenure } from '../../domain/instances/tenure.js';
import type { Clock } from '../../ports/clock.js';
import type { NodeLink } from '../../ports/node-link.js';
import type { SendQueue } from '../../ports/send-queue.js';
import type { StatusBoard } from '../../ports/status-board.js';
import { createBullmqSendQueue } from '../bullmq/send-queue.js';
import { checkServer } from './check-server.js';
import { createRedisNodeLink } from './node-link.js';
import { openRedisClients } from './redis-clients.js';
import { createRedisStatusBoard } from './status-board.js';

export interface RedisOptions {
  /** redis:// or rediss:// */
  url: string;
  /** Before every key, so that several installations can share a Redis. */
  prefix: string;
  /** How long what a process showed of an instance is believed when that process says nothing more: no longer than a lease. */
  statusLifetimeMs?: number;
  /** How long this process may speak for the instance, in milliseconds; 0 when its tenure is over. */
  lastsMs?: (tenure: Tenure) => number;
  clock: Clock;
  logger: Logger;
}

/** What a gateway has on Redis. */
export interface OpenRedis {
  board: StatusBoard;
  queue: SendQueue;
  /** Calls to other nodes, and from them, under this name. To be asked for once, and only by a node of a cluster: it takes a connection of its own. */
  link(nodeId: string): NodeLink;
  /** Calls `listener` each time Redis comes, the first time included: it may have been emptied, so announce again what waits. */
  onReady(listener: () => void): void;
  health(): Promise<RedisHealth>;
  /** Stops the queue and closes the connections, within seconds of the last turn's end, whether Redis is there or not. Idempotent. */
  close(): Promise<void>;
}

export interface RedisHealth { status: 'up' | 'down'; latencyMs: number | null }

/** Puts together what runs on Redis. It does not wait for Redis: the gateway starts without, and goes on when it comes. */
export function openRedis({ url, prefix, statusLifetimeMs, lastsMs, clock, logger }: RedisOptions): OpenRedis {
  const clients = openRedisClients({ url, logger });
  const board = createRedisStatusBoard({ clients, prefix, lifetimeMs: statusLifetimeMs, lastsMs, clock });
  const queue = createBullmqSendQueue({ clients, prefix, clock, logger });
  clients.onReady(() => void checkServer(clients, logger));
  let link: NodeLink | null = null;
  let closing: Promise<void> | null = null;

  return {
    board,
    queue,
    link: nodeId => (link = createRedisNodeLink({ clients, prefix, nodeId, clock, logger })),
    onReady: clients.onReady,
    async health() {
      const started = clock.now();
      const answered = await clients.commands.ping().then(() => true, () => false);
      return answered ? { status: 'up', latencyMs: clock.now() - started } : { status: 'down', latencyMs: null };
    },
    close() {
      closing ??= (async () => {
        await link?.close();
        await queue.stop();
        board.close();
        clients.close();
      })();
      return closing;
    },
  };
}
