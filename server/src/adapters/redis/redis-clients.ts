import { Redis, type RedisOptions } from 'ioredis';
import type { Logger } from 'pino';
import { createOutageLog } from './outage-log.js';

/** What the other adapters know a connection to Redis as. */
export type RedisClient = Redis;

/** A command that is not answered by then fails; the connection may hang. */
const COMMAND_TIMEOUT_MS = 1_000;
const LONGEST_RECONNECT_MS = 2_000;
/** A connection that only listens is asked now and then; one that does not answer is replaced. */
const SILENCE_MS = 5_000;

/** The connections of a process: one for commands that must not wait, one for workers, which wait until Redis is back, one for what is published. */
export interface RedisClients {
  /** Fails at once while Redis is away. What was under way when the connection broke is not sent again: it may have been done. */
  commands: RedisClient;
  /** Never fails for an outage; BullMQ also makes each worker's blocking connection after its pattern. */
  workers: RedisClient;
  /** Opened when it is first asked for: only nodes of a cluster listen. Whoever listens subscribes anew each time it is ready. */
  subscriber(): RedisClient;
  isReady(): boolean;
  /** Calls `listener` each time Redis comes, the first time included. */
  onReady(listener: () => void): void;
  /** To be told of a command that failed and is done without: logs it unless Redis is just away. */
  refused(error: Error): void;
  /** At once, whatever is under way. Idempotent. */
  close(): void;
}

/**
 * Opens the connections, the only place that does. It does not wait for Redis and never fails: that Redis is away is logged, and tried
 * again for as long as it takes.
 * @param url redis:// or rediss://, with user, password and database number where they are needed
 */
export function openRedisClients({ url, logger }: { url: string; logger: Logger }): RedisClients {
  const common = optionsOf(url);
  const log = createOutageLog(logger, `${common.host}:${common.port}`);
  const commands = new Redis({ ...common, enableOfflineQueue: false, autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 1, commandTimeout: COMMAND_TIMEOUT_MS });
  const workers = new Redis({ ...common, maxRetriesPerRequest: null });
  const listeners: (() => void)[] = [];
  let subscriber: RedisClient | null = null;
  let closed = false;

  function openSubscriber(): RedisClient {
    const opened = new Redis({ ...common, maxRetriesPerRequest: null, autoResubscribe: false, commandTimeout: COMMAND_TIMEOUT_MS, socketTimeout: SILENCE_MS });
    opened.on('error', () => undefined);
    if (closed) opened.disconnect();
    return opened;
  }

  commands.on('error', error => log.failed(error));
  commands.on('close', () => { if (!closed) log.lost(); });
  commands.on('ready', () => {
    log.ready();
    for (const listener of listeners) listener();
  });
  // It sees what the other one sees.
  workers.on('error', () => undefined);

  return {
    commands,
    workers,
    subscriber: () => (subscriber ??= openSubscriber()),
    isReady: () => commands.status === 'ready',
    onReady: listener => void listeners.push(listener),
    refused: error => log.refused(error),
    close() {
      closed = true;
      for (const client of [commands, workers, subscriber]) client?.disconnect();
    },
  };
}

/** Taken apart here, so that nothing in the address can change how the connections work. */
function optionsOf(url: string): RedisOptions & { host: string; port: number } {
  const { protocol, hostname, port, username, password, pathname } = new URL(url);
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port || 6379),
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
    db: Number(pathname.slice(1) || 0),
    ...(protocol === 'rediss:' && { tls: {} }),
    retryStrategy: attempts => Math.min(attempts * 100, LONGEST_RECONNECT_MS),
  };
}
