import type { Gauges } from '../../ports/metrics.js';
import type { ProcessStats } from '../../ports/process-stats.js';

/** `degraded`: it works, but somebody should look. */
export const PART_STATUSES = ['ok', 'degraded', 'down'] as const;
export type PartStatus = (typeof PART_STATUSES)[number];

/** One part of the gateway: how it does, a sentence for a person, and its figures. */
export type HealthPart = { status: PartStatus; message: string } & Record<string, string | number | Record<string, number>>;

export interface HealthOfParts {
  /** Whole seconds since the process was started. */
  uptimeSeconds: number;
  /** By name: store, redis, queue, sessions, webhooks, eventLoop, memory, disk, cluster; those that there are. */
  parts: Record<string, HealthPart>;
}

export interface HealthOfPartsParts {
  gauges: () => Promise<Gauges>;
  processStats: ProcessStats;
  /** null where there is no Redis. */
  redis: (() => Promise<{ status: 'up' | 'down'; latencyMs: number | null }>) | null;
  nodeId: string | null;
}

const SLOW_STORE_MS = 500;
const QUEUE_WAITS_MS = 600_000;
const MANY_PENDING = 20;
const LAG_MS = { degraded: 500, down: 2_000 };
const MIB = 1024 * 1024;
const FREE_BYTES = { degraded: 1024 * MIB, down: 64 * MIB };

/** How each part of this node does. */
export function createHealthOfParts({ gauges, processStats, redis, nodeId }: HealthOfPartsParts): () => Promise<HealthOfParts> {
  return async () => {
    const [now, redisNow, disk] = await Promise.all([gauges(), redis?.() ?? null, processStats.disk()]);
    return {
      uptimeSeconds: processStats.uptimeSeconds(),
      parts: {
        store: aboutStore(now.store),
        ...(redisNow && { redis: aboutRedis(redisNow) }),
        queue: aboutQueue(now.work),
        sessions: aboutSessions(now),
        webhooks: aboutWebhooks(now),
        eventLoop: aboutEventLoop(Math.round(processStats.eventLoopLagMs())),
        memory: { status: 'ok', message: 'Memory of the process.', ...processStats.memory() },
        ...(disk && { disk: aboutDisk(disk) }),
        ...(now.cluster && { cluster: { status: 'ok', message: `This node owns ${now.cluster.ownedInstances} instances; ${now.cluster.nodes} nodes live.`, nodeId: nodeId ?? '', ...now.cluster } }),
      },
    };
  };
}

function aboutStore({ up, latencyMs }: Gauges['store']): HealthPart {
  const figures: Record<string, number> = latencyMs === null ? {} : { latencyMs: Math.round(latencyMs) };
  if (!up) return { status: 'down', message: 'The database does not answer. What was accepted before is on disk; nothing new is accepted.', ...figures };
  if ((latencyMs ?? 0) > SLOW_STORE_MS) return { status: 'degraded', message: 'The database answers slowly.', ...figures };
  return { status: 'ok', message: 'The database answers.', ...figures };
}

function aboutRedis({ status, latencyMs }: { status: 'up' | 'down'; latencyMs: number | null }): HealthPart {
  if (status === 'down') return { status: 'down', message: 'Redis does not answer. Queued messages wait, and calls for instances of other nodes are refused.' };
  return { status: 'ok', message: 'Redis answers.', latencyMs: Math.round(latencyMs ?? 0) };
}

function aboutQueue(work: Gauges['work']): HealthPart {
  if (!work) return { status: 'degraded', message: 'What waits could not be counted.' };
  const { queued, due, sending, deadMessages, oldestMs } = work;
  const figures = { queued, due, sending, deadLetters: deadMessages, oldestSeconds: Math.round(oldestMs.connected / 1_000) };
  if (oldestMs.connected > QUEUE_WAITS_MS) return { status: 'degraded', message: 'A message of a connected instance has waited for more than ten minutes.', ...figures };
  return { status: 'ok', message: queued === 0 ? 'Nothing waits.' : `${queued} messages wait.`, ...figures };
}

function aboutSessions({ sessions, pending }: Gauges): HealthPart {
  const figures = { byStatus: sessions, pending };
  if (pending > MANY_PENDING) return { status: 'degraded', message: `${pending} instances wait for a QR to be scanned.`, ...figures };
  return { status: 'ok', message: `${sessions.CONNECTED} instances are connected.`, ...figures };
}

function aboutWebhooks({ breakers: { open, halfOpen, longestMs }, work }: Gauges): HealthPart {
  const figures = {
    breakersOpen: open, breakersHalfOpen: halfOpen, openForSeconds: Math.round(longestMs / 1_000),
    ...(work && { pendingDeliveries: work.pendingDeliveries, deadDeliveries: work.deadDeliveries }),
  };
  if (open + halfOpen > 0) return { status: 'degraded', message: `${open + halfOpen} receivers of events fail; their events wait.`, ...figures };
  return { status: 'ok', message: 'No receiver of events fails.', ...figures };
}

function aboutEventLoop(lagMs: number): HealthPart {
  if (lagMs > LAG_MS.down) return { status: 'down', message: 'The process cannot keep up, and refuses work.', lagMs };
  if (lagMs > LAG_MS.degraded) return { status: 'degraded', message: 'The process is late with its work.', lagMs };
  return { status: 'ok', message: 'The process keeps up.', lagMs };
}

function aboutDisk(disk: { freeBytes: number; totalBytes: number }): HealthPart {
  if (disk.freeBytes < FREE_BYTES.down) return { status: 'down', message: 'The disk of the data directory is full.', ...disk };
  if (disk.freeBytes < FREE_BYTES.degraded) return { status: 'degraded', message: 'The disk of the data directory is nearly full.', ...disk };
  return { status: 'ok', message: 'The disk of the data directory has room.', ...disk };
}
