import type { Logger } from 'pino';
import { KEY_NEEDED, readEnvironmentKey } from '../adapters/crypto/master-key-source.js';
import { createMemorySendQueue } from '../adapters/memory/send-queue.js';
import { createNoNodeLink } from '../adapters/memory/no-node-link.js';
import { createMemoryStatusBoard } from '../adapters/memory/status-board.js';
import { openPostgresLeases } from '../adapters/postgres/open-postgres-leases.js';
import { openPostgresStore } from '../adapters/postgres/open-postgres-store.js';
import { openRedis, type OpenRedis } from '../adapters/redis/open-redis.js';
import type { Store } from '../adapters/sql/store.js';
import { openEmbeddedStore } from '../adapters/sqlite/open-embedded-store.js';
import { bindDataDir } from '../adapters/system/bind-data-dir.js';
import { ConfigError, type Config } from '../config.js';
import type { Tenure } from '../domain/instances/tenure.js';
import type { Clock, Random } from '../ports/clock.js';
import type { Leases } from '../ports/leases.js';
import type { NodeLink } from '../ports/node-link.js';
import type { SendQueue } from '../ports/send-queue.js';
import type { StatusBoard } from '../ports/status-board.js';
import { runAll } from './run-all.js';

/** What a gateway stands on, as its configuration says. */
export interface Backends {
  store: Store;
  board: StatusBoard;
  queue: SendQueue;
  redis: OpenRedis | null;
  /** null in a gateway that shares its store with nobody. */
  leases: Leases | null;
  link: NodeLink;
  /** Signs links that any node must understand. */
  linkSecret: Uint8Array;
  /** Last opened, first closed. Idempotent. */
  close(): Promise<void>;
}

export interface BackendOptions {
  config: Config;
  clock: Clock;
  random: Random;
  logger: Logger;
  onFatal: (error: Error) => void;
  /** How long this process may speak for the instance, in milliseconds; 0 when its tenure is over. */
  lastsMs: (tenure: Tenure) => number;
}

const LINK_SECRET_BYTES = 32;

/** Opens the store, and Redis where there is one. Nothing stays open when it throws. */
export async function openBackends(options: BackendOptions): Promise<Backends> {
  const closers: (() => unknown)[] = [];
  let closing: Promise<void> | null = null;
  const close = () => (closing ??= runAll(closers, options.logger));
  try {
    return { ...await open(options, closers), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function open({ config, clock, random, logger, onFatal, lastsMs }: BackendOptions, closers: (() => unknown)[]): Promise<Omit<Backends, 'close'>> {
  const nodeId = random.uuid();
  const shared = config.database ? await openShared({ config, database: config.database, nodeId, random, logger }, closers) : null;
  const store = shared?.store ?? await openEmbeddedStore({ dataDir: config.dataDir, synchronous: config.sqliteSynchronous, encryptionKey: readEnvironmentKey(config.encryptionKey), logger, onFatal });
  if (!shared) {
    closers.push(() => store.close());
    await bindDataDir(config.dataDir, config.network.kind);
  }
  const redis = config.redis ? openRedis({ ...config.redis, statusLifetimeMs: config.lease.seconds * 1_000, lastsMs, clock, logger }) : null;
  if (redis) closers.push(() => redis.close());
  return {
    store,
    board: redis?.board ?? createMemoryStatusBoard(clock),
    queue: redis?.queue ?? createMemorySendQueue({ clock, logger }),
    redis,
    leases: shared?.leases ?? null,
    link: shared && redis ? redis.link(nodeId) : createNoNodeLink(),
    linkSecret: shared?.linkSecret ?? random.bytes(LINK_SECRET_BYTES),
  };
}

interface SharedOptions { config: Config; database: NonNullable<Config['database']>; nodeId: string; random: Random; logger: Logger }

/** A store that nodes share, bound to its network: sessions of one network are refused by the other, and a log-out deletes them. */
async function openShared({ config, database, nodeId, random, logger }: SharedOptions, closers: (() => unknown)[]) {
  const encryptionKey = readEnvironmentKey(config.encryptionKey);
  if (encryptionKey === null) throw new ConfigError(KEY_NEEDED);
  const store = await openPostgresStore({ ...database, nodeId, encryptionKey, logger });
  closers.push(() => store.close());
  const leases = openPostgresLeases({ url: database.url, nodeId, ttlMs: config.lease.seconds * 1_000 });
  closers.push(() => leases.close());
  const network = await store.settings.getOrPut('network', () => config.network.kind);
  if (network !== config.network.kind) {
    throw new ConfigError(`The database of DATABASE_URL holds sessions of the ${network} network and must not be used on the ${config.network.kind} one. Use another database, or WHATSAPP_NETWORK=${network}.`);
  }
  const secret = await store.settings.getOrPut('link-secret', () => Buffer.from(random.bytes(LINK_SECRET_BYTES)).toString('base64'));
  return { store, leases, linkSecret: Buffer.from(secret, 'base64') };
}
