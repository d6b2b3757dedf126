import { RateLimitError, Worker, type Job } from 'bullmq';
import type { Logger } from 'pino';
import type { Clock } from '../../ports/clock.js';
import type { Turns } from '../memory/turns.js';
import { forLog, saysAway } from '../redis/redis-errors.js';
import type { RedisClients } from '../redis/redis-clients.js';
import type { SendJob } from './jobs.js';

/** Other processes cannot cut a wait short: the work is asked again at least that often. */
const LONGEST_WAIT_MS = 5_000;
/** A closing worker that waits for a Redis that is away is left to itself. */
const CLOSE_WITHIN_MS = 2_000;

/** Redis is asked this seldom while nothing happens: new jobs wake the worker. */
const DRAIN_DELAY_S = 60;
/** What a process that died had under way is given to the next worker after at most the two together. */
const LOCK_MS = 10_000;
const STALLED_CHECK_MS = 10_000;
/** Of the job that was under way when Redis was emptied: said again and again until it has ended. */
const LOST_LOCK = /^(could not renew lock|Missing lock) for job/;
/** After a command failed for an outage. */
const RETRY_MS = 1_000;

export interface QueueWorkerDeps {
  /** The queue's name: the instance's id. */
  name: string;
  /** Of the queue's keys. */
  prefix: string;
  turns: Turns;
  /** Sees to it that what is due is worked again at that time (epoch milliseconds). Never rejects. */
  lookAt(at: number): Promise<void>;
  clients: Pick<RedisClients, 'workers' | 'isReady'>;
  clock: Clock;
  logger: Logger;
}

/** Gives an instance's jobs, one at a time and in their order, to its turns. */
export interface QueueWorker {
  /** To be called when the turns have ended. Answers within seconds whether it is closed: one that waits for a Redis that does not answer is so later, by itself. Never rejects. */
  close(): Promise<boolean>;
  /** Resolves when it is closed. */
  closed: Promise<void>;
}

export function startQueueWorker({ name, prefix, turns, lookAt, clients, clock, logger }: QueueWorkerDeps): QueueWorker {
  /**
   * Holds the job while the work asks to wait: nothing overtakes it then, and a wake-up costs no round trip. BullMQ renews its lock. A look
   * stands for no message: where it would wait long, as for one that is scheduled, it makes way.
   */
  async function process({ data }: Job<SendJob>): Promise<void> {
    while (!turns.hasEnded()) {
      const again = await turns.run(data.messageId);
      if (again === null) return;
      const longest = clock.now() + LONGEST_WAIT_MS;
      if (data.messageId === null && again > longest) return lookAt(again);
      await turns.waitUntil(Math.min(again, longest));
    }
    // Puts it back to the head of the queue, for whoever opens it next.
    throw new RateLimitError();
  }

  const worker = new Worker<SendJob>(name, process, {
    connection: clients.workers,
    prefix,
    concurrency: 1,
    drainDelay: DRAIN_DELAY_S,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_CHECK_MS,
    // What died with its process several times is still to be sent: the table counts attempts.
    maxStalledCount: Number.MAX_SAFE_INTEGER,
    runRetryDelay: RETRY_MS,
    // It would ask for each connection, and print to the console.
    skipVersionCheck: true,
  });
  // While Redis is away the clients say so. What else there is does no harm: the job is worked again.
  worker.on('error', error => {
    if (clients.isReady() && !saysAway(error)) logger[LOST_LOCK.test(error.message) ? 'debug' : 'warn']({ err: forLog(error), instanceId: name }, 'a job of the send queue could not be brought to its end in Redis');
  });

  let tellClosed = (): void => undefined;
  const closed = new Promise<void>(resolve => { tellClosed = resolve; });

  return {
    closed,
    async close() {
      // Orderly only with Redis: without, BullMQ would wait for it.
      void worker.close(!clients.isReady()).catch(() => undefined).finally(tellClosed);
      let cancel = (): void => undefined;
      const late = new Promise<false>(resolve => { cancel = clock.after(CLOSE_WITHIN_MS, () => resolve(false)); });
      const inTime = await Promise.race([closed.then(() => true), late]);
      cancel();
      return inTime;
    },
  };
}
