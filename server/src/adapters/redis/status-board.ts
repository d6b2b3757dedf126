import { randomUUID } from 'node:crypto';
import type { Tenure } from '../../domain/instances/tenure.js';
import type { Clock } from '../../ports/clock.js';
import type { LiveStatus, StatusBoard } from '../../ports/status-board.js';
import type { RedisClients } from './redis-clients.js';
import { FORGET, parseEntry, PUT, REFRESH, stateOf, type StatusEntry } from './status-entry.js';

export interface RedisStatusBoardDeps {
  clients: Pick<RedisClients, 'commands' | 'onReady' | 'refused'>;
  prefix: string;
  /** An entry that its process does not write again by then is gone: the process is. No longer than a lease lasts. */
  lifetimeMs?: number;
  /** How long this process may speak for the instance, in milliseconds: what it says is not shown for longer. 0 when its tenure is over, as after a pause. */
  lastsMs?: (tenure: Tenure) => number;
  clock: Clock;
}

/**
 * Live states that all processes see. An entry belongs to the latest tenure, and among processes that know no tenures to the one that put it
 * last. That process writes it again four times in its lifetime, and whenever Redis comes back, perhaps emptied. While Redis is away,
 * calls work on this process's own entries, and never fail.
 */
export function createRedisStatusBoard({ clients, prefix, lifetimeMs = 15_000, lastsMs = () => Infinity, clock }: RedisStatusBoardDeps): StatusBoard & { close(): void } {
  const { commands } = clients;
  const process = randomUUID();
  /** What this process has put; of one that it removed, until Redis knows. */
  const own = new Map<string, StatusEntry>();
  const keyOf = (instanceId: string): string => `${prefix}:status:${instanceId}`;
  let cancelRefresh = (): void => undefined;

  /** Redis' clock, which counts it, need not be right, but may not be much slower than this process's own. */
  const shownMs = (instanceId: string, { epoch }: StatusEntry): number => Math.max(1, Math.floor(Math.min(lifetimeMs, lastsMs({ instanceId, epoch }))));

  async function orNull<T>(command: Promise<T>): Promise<T | null> {
    return command.catch((error: Error) => {
      clients.refused(error);
      return null;
    });
  }

  /** What does not get there now does when Redis is back. */
  async function write(instanceId: string, entry: StatusEntry): Promise<void> {
    if ((own.get(instanceId)?.epoch ?? entry.epoch) > entry.epoch) return;
    own.set(instanceId, entry);
    settle(instanceId, entry, await orNull(commands.eval(PUT, 1, keyOf(instanceId), process, entry.epoch, stateOf(entry, clock.now()), shownMs(instanceId, entry))));
  }

  /** @param answer 1 when it is in Redis, 0 when that has a later one, anything else when that is not known */
  function settle(instanceId: string, entry: StatusEntry, answer: unknown): void {
    const isDone = answer === 0 || (answer === 1 && entry.live === null);
    if (isDone && own.get(instanceId) === entry) own.delete(instanceId);
  }

  function dropWhatIsOver(): void {
    for (const [instanceId, { epoch }] of own) if (lastsMs({ instanceId, epoch }) === 0) own.delete(instanceId);
  }

  /** Own entries, all of them in one go. */
  async function refresh(): Promise<void> {
    dropWhatIsOver();
    const entries = [...own];
    if (entries.length === 0) return;
    const pipeline = commands.pipeline();
    for (const [instanceId, entry] of entries) pipeline.eval(REFRESH, 1, keyOf(instanceId), process, entry.epoch, stateOf(entry, clock.now()), shownMs(instanceId, entry));
    const results = await orNull(pipeline.exec());
    entries.forEach(([instanceId, entry], index) => settle(instanceId, entry, results?.[index]?.[1]));
  }

  function refreshLater(): void {
    cancelRefresh = clock.after(lifetimeMs / 4, () => {
      refreshLater();
      void refresh();
    });
  }

  /** Of two, the one that says more about now: this process's own is always fresh. */
  function latest(instanceId: string, value: string | null | undefined): LiveStatus | null {
    const [mine, there] = [own.get(instanceId), value ? parseEntry(value) : null];
    if (!mine || (there && (there.epoch > mine.epoch || (there.epoch === mine.epoch && there.owner !== process)))) return there?.live ?? null;
    return mine.live && { ...structuredClone(mine.live), updatedAt: clock.now() };
  }

  async function getMany(instanceIds: string[]): Promise<Map<string, LiveStatus>> {
    if (instanceIds.length === 0) return new Map();
    const values = await orNull(commands.mget(instanceIds.map(keyOf)));
    dropWhatIsOver();
    return new Map(instanceIds.flatMap((instanceId, index) => {
      const live = latest(instanceId, values?.[index]);
      return live ? [[instanceId, live] as const] : [];
    }));
  }

  clients.onReady(() => void refresh());
  refreshLater();

  return {
    getMany,
    put: status => write(status.instanceId, { epoch: status.epoch, live: structuredClone(status) }),
    async get(instanceId) {
      return (await getMany([instanceId])).get(instanceId) ?? null;
    },
    remove: ({ instanceId, epoch }) => write(instanceId, { epoch, live: null }),
    async forget({ instanceId, epoch }) {
      if ((own.get(instanceId)?.epoch ?? -1) <= epoch) own.delete(instanceId);
      await orNull(commands.eval(FORGET, 1, keyOf(instanceId), process, epoch));
    },
    close: () => cancelRefresh(),
  };
}
