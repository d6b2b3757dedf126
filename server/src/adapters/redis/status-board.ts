import { randomUUID } from 'node:crypto';
import type { Clock } from '../../ports/clock.js';
import type { LiveStatus, StatusBoard } from '../../ports/status-board.js';
import type { RedisClients } from './redis-clients.js';

/** An entry that its process does not write again by then is gone: the process is. */
const LIFETIME_MS = 45_000;
const REFRESH_MS = 15_000;

/** Sets an entry unless another process has put its own since. Answers 1 if it was set. */
const REFRESH = `
local there = redis.call('GET', KEYS[1])
if there and string.sub(there, 1, string.len(ARGV[1])) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1] .. ARGV[2], 'PX', ARGV[3])
return 1`;

export interface RedisStatusBoardDeps {
  clients: Pick<RedisClients, 'commands' | 'onReady' | 'refused'>;
  prefix: string;
  clock: Clock;
}

/**
 * Live states that all processes see. An entry belongs to the process that put it last, which writes it again every 15 s and whenever
 * Redis comes back, perhaps emptied. While Redis is away, calls work on this process's own entries, and never fail.
 *
 * In Redis an entry is its process's name and the state as JSON; without the latter it says that the instance was removed, so that the
 * process that put it before does not write it again.
 */
export function createRedisStatusBoard({ clients, prefix, clock }: RedisStatusBoardDeps): StatusBoard & { close(): void } {
  const { commands } = clients;
  const owner = `${randomUUID()} `;
  /** JSON by instance; empty for one that was removed here while Redis was away. */
  const own = new Map<string, string>();
  const keyOf = (instanceId: string): string => `${prefix}:status:${instanceId}`;
  let cancelRefresh = (): void => undefined;

  async function orNull<T>(command: Promise<T>): Promise<T | null> {
    return command.catch((error: Error) => {
      clients.refused(error);
      return null;
    });
  }

  /** What does not get there now does when Redis is back. */
  async function write(instanceId: string, json: string): Promise<void> {
    own.set(instanceId, json);
    if (await orNull(commands.set(keyOf(instanceId), owner + json, 'PX', LIFETIME_MS)) !== null) written(instanceId, json);
  }

  function written(instanceId: string, json: string): void {
    if (json === '' && own.get(instanceId) === json) own.delete(instanceId);
  }

  /** Own entries, all of them in one go; those that another process has taken over are its own no more. */
  async function refresh(): Promise<void> {
    const entries = [...own];
    if (entries.length === 0) return;
    const pipeline = commands.pipeline();
    for (const [instanceId, json] of entries) pipeline.eval(REFRESH, 1, keyOf(instanceId), owner, json, LIFETIME_MS);
    const results = await orNull(pipeline.exec());
    entries.forEach(([instanceId, json], index) => {
      const answer = results?.[index]?.[1];
      if (answer === 1) written(instanceId, json);
      if (answer === 0 && own.get(instanceId) === json) own.delete(instanceId);
    });
  }

  function refreshLater(): void {
    cancelRefresh = clock.after(REFRESH_MS, () => {
      refreshLater();
      void refresh();
    });
  }

  async function getMany(instanceIds: string[]): Promise<Map<string, LiveStatus>> {
    if (instanceIds.length === 0) return new Map();
    const values = await orNull(commands.mget(instanceIds.map(keyOf)));
    return new Map(instanceIds.flatMap((instanceId, index) => {
      const value = own.get(instanceId) === '' ? null : values?.[index];
      const json = value ? value.slice(value.indexOf(' ') + 1) : own.get(instanceId);
      return json ? [[instanceId, JSON.parse(json) as LiveStatus] as const] : [];
    }));
  }

  clients.onReady(() => void refresh());
  refreshLater();

  return {
    getMany,
    put: status => write(status.instanceId, JSON.stringify(status)),
    async get(instanceId) {
      return (await getMany([instanceId])).get(instanceId) ?? null;
    },
    remove: instanceId => write(instanceId, ''),
    close: () => cancelRefresh(),
  };
}
