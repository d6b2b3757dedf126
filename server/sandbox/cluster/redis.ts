import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { Redis } from 'ioredis';
import { SandboxError } from '../sandbox-error.js';
import type { Children } from '../with-children.js';
import { freePorts } from './free-ports.js';
import { keepService } from './keep-service.js';
import { withoutPassword, type Service } from './service.js';

export interface RedisOptions {
  given: string | null;
  prefix: string | null;
  /** Where none was given. */
  ownPrefix: string;
  children: Children;
}

const LOCAL = 'redis://127.0.0.1:6379';
const CONNECT_WITHIN_MS = 2_000;
const KEYS_AT_ONCE = 500;

/**
 * A Redis with a key prefix: the one that was given, else the one of this machine, else one that is started.
 * @throws SandboxError that says what is needed
 */
export async function provideRedis({ given, prefix, ownPrefix, children }: RedisOptions): Promise<Service & { prefix: string }> {
  const own = given === null && !await answersPing(LOCAL) ? await startRedisServer(children) : null;
  const url = given ?? own ?? LOCAL;
  const keys = prefix ?? ownPrefix;
  const stays = prefix !== null || own !== null;
  const remark = own !== null ? '   on a server of its own, removed at the end' : stays ? '' : '   removed at the end';
  return { url, prefix: keys, about: `${withoutPassword(url)}   keys ${keys}:*${remark}`, remove: async () => (stays ? undefined : removeKeys(url, keys)) };
}

function connect(url: string): Redis {
  const client = new Redis(url, { lazyConnect: true, connectTimeout: CONNECT_WITHIN_MS, commandTimeout: CONNECT_WITHIN_MS, retryStrategy: () => null, maxRetriesPerRequest: 0 });
  // Each command that fails says so.
  client.on('error', () => undefined);
  return client;
}

async function answersPing(url: string): Promise<boolean> {
  const client = connect(url);
  try {
    await client.connect();
    await client.ping();
    return true;
  } catch {
    return false;
  } finally {
    client.disconnect();
  }
}

async function removeKeys(url: string, prefix: string): Promise<void> {
  const client = connect(url);
  try {
    await client.connect();
    for (let cursor = ''; cursor !== '0';) {
      const [next, keys] = await client.scan(cursor || '0', 'MATCH', `${prefix}:*`, 'COUNT', KEYS_AT_ONCE);
      if (keys.length > 0) await client.unlink(...keys);
      cursor = next;
    }
  } finally {
    client.disconnect();
  }
}

/** Starts a server that ends with the children. */
export async function startRedisServer(children: Children): Promise<string> {
  if (spawnSync('redis-server', ['--version']).status !== 0) {
    throw new SandboxError('The cluster needs Redis 6.2 or newer: one on 127.0.0.1:6379, or another with REDIS_URL, or redis-server on the PATH (Debian: apt-get install -y redis-server, macOS: brew install redis).');
  }
  const dir = await mkdtemp(join(tmpdir(), 'chasqui-redis-'));
  const [port = 0] = await freePorts(1);
  const url = `redis://127.0.0.1:${port}`;
  await keepService(children, {
    name: 'redis', dir, command: 'redis-server', stopSignal: 'SIGTERM',
    args: ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--appendonly', 'yes', '--save', '', '--maxmemory-policy', 'noeviction', '--daemonize', 'no'],
  }, () => answersPing(url));
  return url;
}
