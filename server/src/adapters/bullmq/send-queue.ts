import { Queue } from 'bullmq';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { Clock } from '../../ports/clock.js';
import type { SendQueue } from '../../ports/send-queue.js';
import { createTurns, type Turns } from '../memory/turns.js';
import type { RedisClients } from '../redis/redis-clients.js';
import { jobFor, lookJob, lookJobAt, type NewJob, type SendJob } from './jobs.js';
import { startQueueWorker, type QueueWorker } from './queue-worker.js';

/** Jobs written at once. */
const BATCH = 500;
/** Queues that are kept at hand beside those of the instances that are open. */
const PASSING = 64;
/** Nobody reads BullMQ's event streams here. */
const EVENTS_KEPT = 100;
/** After what was to be forgotten could not be deleted. */
const FORGET_AGAIN_MS = 5_000;

export interface BullmqSendQueueDeps {
  clients: RedisClients;
  /** Of all keys of this installation. */
  prefix: string;
  clock: Clock;
  logger: Logger;
}

/**
 * The send queue on Redis: a BullMQ queue per instance, whose jobs carry message ids, and a worker where the instance is open. Redis may be
 * away or emptied at any time: what is open is worked again whenever Redis comes, and the rest is announced again by the caller.
 */
export function createBullmqSendQueue({ clients, prefix, clock, logger }: BullmqSendQueueDeps): SendQueue {
  const keys = `${prefix}:send`;
  const queues = new Map<string, Queue<SendJob>>();
  /** Of instances that are not open here, those used last: what is announced for them goes to whoever has them open, and nobody lets go of them here. */
  const passing = new LRUCache<string, Queue<SendJob>>({ max: PASSING, dispose: queue => void end(queue) });
  const open = new Map<string, Turns>();
  /** For each instance that was open: resolves when its last worker has ended. */
  const endings = new Map<string, Promise<void>>();
  /** Workers that could not be closed in time, as while Redis hangs, and whose they are. */
  const closing = new Map<QueueWorker, string>();
  /** What could not be deleted. */
  const toForget = new Set<string>();
  let cancelForgetting = (): void => undefined;
  let stopped = false;

  function queueOf(instanceId: string): Queue<SendJob> {
    const known = queues.get(instanceId) ?? passing.get(instanceId);
    if (known) return known;
    const queue = new Queue<SendJob>(instanceId, {
      connection: clients.commands, prefix: keys, skipVersionCheck: true, skipWaitingForReady: true, streams: { events: { maxLen: EVENTS_KEPT } },
    });
    // Each command that fails is seen where it was called.
    queue.on('error', () => undefined);
    (open.has(instanceId) ? queues : passing).set(instanceId, queue);
    return queue;
  }

  /** What it has under way goes on. */
  function end(queue: Queue<SendJob>): Promise<void> {
    return queue.close().catch(() => undefined);
  }

  /** As far as it goes: what could not be added is announced again. Never rejects. */
  async function add(instanceId: string, jobs: NewJob[]): Promise<void> {
    try {
      for (let from = 0; from < jobs.length && clients.isReady(); from += BATCH) await queueOf(instanceId).addBulk(jobs.slice(from, from + BATCH));
    } catch (error) {
      clients.refused(asError(error));
    }
  }

  /** The worker lives from the end of the one before until the turns end. */
  async function live(instanceId: string, turns: Turns, before: Promise<void> | undefined): Promise<void> {
    await before;
    if (turns.hasEnded()) return;
    const lookAt = (at: number): Promise<void> => add(instanceId, [lookJobAt(at, clock.now())]);
    const worker = startQueueWorker({ name: instanceId, prefix: keys, turns, lookAt, clients, clock, logger });
    void add(instanceId, [lookJob()]);
    await turns.over;
    if (await worker.close()) return;
    closing.set(worker, instanceId);
    void worker.closed.then(() => closing.delete(worker));
  }

  async function close(instanceId: string): Promise<void> {
    const turns = open.get(instanceId);
    open.delete(instanceId);
    void turns?.end();
    await endings.get(instanceId);
  }

  async function drop(instanceId: string): Promise<void> {
    const queue = queues.get(instanceId);
    queues.delete(instanceId);
    passing.delete(instanceId);
    if (queue) await end(queue);
  }

  /** Whether it is done. */
  async function obliterate(instanceId: string): Promise<boolean> {
    try {
      if (!clients.isReady()) return false;
      await queueOf(instanceId).obliterate({ force: true });
      return true;
    } catch (error) {
      clients.refused(asError(error));
      return false;
    } finally {
      if (!open.has(instanceId)) await drop(instanceId);
    }
  }

  function forgetLater(): void {
    cancelForgetting();
    if (!stopped && toForget.size > 0) cancelForgetting = clock.after(FORGET_AGAIN_MS, () => void forgetAgain());
  }

  async function forgetAgain(): Promise<void> {
    for (const instanceId of [...toForget]) {
      // Where there is one of that name again its worker clears away what is left.
      if (open.has(instanceId) || await obliterate(instanceId)) toForget.delete(instanceId);
    }
    forgetLater();
  }

  clients.onReady(() => {
    for (const instanceId of open.keys()) void add(instanceId, [lookJob()]);
  });

  return {
    close,
    async announce(instanceId, entries) {
      if (stopped || entries.length === 0) return;
      open.get(instanceId)?.wake();
      const now = clock.now();
      await add(instanceId, entries.map(entry => jobFor(entry, now)));
    },
    async open(instanceId, work) {
      if (stopped) return;
      const known = open.get(instanceId);
      if (known) {
        known.replace(work);
        return;
      }
      const turns = createTurns({ instanceId, work, clock, logger });
      open.set(instanceId, turns);
      const ending = live(instanceId, turns, endings.get(instanceId)).finally(() => {
        if (endings.get(instanceId) === ending) endings.delete(instanceId);
      });
      endings.set(instanceId, ending);
    },
    nudge(instanceId) {
      open.get(instanceId)?.wake();
    },
    async release(instanceId) {
      await close(instanceId);
      if (!open.has(instanceId)) await drop(instanceId);
      return ![...closing.values()].includes(instanceId);
    },
    async forget(instanceId) {
      await close(instanceId);
      if (await obliterate(instanceId)) return;
      toForget.add(instanceId);
      forgetLater();
    },
    async stop() {
      stopped = true;
      cancelForgetting();
      await Promise.all([...open.keys()].map(close));
      await Promise.all(endings.values());
      await Promise.all([...queues.keys()].map(drop));
      passing.clear();
    },
  };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
