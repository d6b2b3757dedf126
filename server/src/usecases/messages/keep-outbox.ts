import type { Logger } from 'pino';
import { isStoreAway } from '../../domain/errors.js';
import type { InstanceStatus } from '../../domain/instances/instance.js';
import type { Clock } from '../../ports/clock.js';
import type { Outbox } from '../../ports/message-store.js';
import type { QueueWork, SendQueue } from '../../ports/send-queue.js';
import type { Ownership } from '../cluster/ownership.js';
import type { Acknowledgements } from './acknowledgements.js';
import type { MessageSettler } from './settle-message.js';
import { expired } from './work-outbox.js';

/** How often the table is asked for what no queue knows of, and for what has expired. */
const SWEEP_MS = 15_000;
/** What is due by the next sweep but one is announced. */
const AHEAD_MS = 2 * SWEEP_MS;
/** Entries announced per instance: one turn works everything before its own, so a few are plenty. */
const ANNOUNCED = 100;
const EXPIRED_AT_ONCE = 200;
/** WhatsApp says when everything that waited there has come; a connection that never hears it sends all the same. */
const CAUGHT_UP_WITHIN_MS = 10_000;

export interface OutboxKeeperParts {
  outbox: Pick<Outbox, 'expired' | 'queued'>;
  queue: SendQueue;
  settler: Pick<MessageSettler, 'fail'>;
  acknowledgements: Pick<Acknowledgements, 'lose' | 'isInQueue'>;
  workOf: (instanceId: string) => QueueWork;
  ownership: Pick<Ownership, 'holds' | 'tenureOf'>;
  clock: Clock;
  logger: Pick<Logger, 'error' | 'debug'>;
}

/** Opens and closes the queues with the connections, and sees to it that no row is forgotten. */
export interface OutboxKeeper {
  onStatus(instanceId: string, status: InstanceStatus): void;
  /** Everything that waited at WhatsApp has arrived, receipts included: what is sent now is not sent needlessly. */
  onCaughtUp(instanceId: string): void;
  /** Whether anything is kept here for an instance's queue. */
  holds(instanceId: string): boolean;
  /** Ends what is done here for an instance's queue, and lets go of it; messages stay queued. Answers whether it is closed, as `SendQueue.release`. */
  release(instanceId: string): Promise<boolean>;
  /** What made an instance's queue wait may be over. */
  nudge(instanceId: string): void;
  /** Announces what is due and fails what has expired; also when the queue has come back after an outage. */
  sweep(): Promise<void>;
  start(): void;
  /** Ends the turns under way. Idempotent. */
  stop(): Promise<void>;
}

export function createOutboxKeeper({ outbox, queue, settler, acknowledgements, workOf, ownership, clock, logger }: OutboxKeeperParts): OutboxKeeper {
  const works = new Map<string, QueueWork>();
  const open = new Set<string>();
  /** Connections that have not caught up yet. */
  const catchingUp = new Map<string, () => void>();
  let cancelSweep = () => {};
  let running = false;
  let sweeping: Promise<void> | null = null;

  function workFor(instanceId: string): QueueWork {
    const known = works.get(instanceId) ?? workOf(instanceId);
    works.set(instanceId, known);
    return known;
  }

  function settle(work: Promise<void>, instanceId: string): void {
    work.catch((err: unknown) => logger[isStoreAway(err) ? 'debug' : 'error']({ err, instanceId }, 'the send queue failed'));
  }

  function begin(instanceId: string): void {
    catchingUp.get(instanceId)?.();
    catchingUp.delete(instanceId);
    if (!running) return;
    open.add(instanceId);
    settle(queue.open(instanceId, workFor(instanceId)).then(() => announce(instanceId)), instanceId);
  }

  function end(instanceId: string): void {
    catchingUp.get(instanceId)?.();
    catchingUp.delete(instanceId);
    acknowledgements.lose(instanceId);
    if (open.delete(instanceId)) settle(queue.close(instanceId), instanceId);
  }

  async function announce(instanceId: string): Promise<void> {
    const entries = await outbox.queued(instanceId, { by: clock.now() + AHEAD_MS, limit: ANNOUNCED });
    if (entries.length > 0) await queue.announce(instanceId, entries);
  }

  async function sweepOnce(): Promise<void> {
    for (const instanceId of [...open]) await announce(instanceId);
    for (;;) {
      const messages = await outbox.expired(clock.now(), EXPIRED_AT_ONCE);
      // One that was written in time and waits for WhatsApp's word is judged by the queue.
      const over = messages.filter(({ instanceId, messageId }) => ownership.holds(instanceId) && !acknowledgements.isInQueue(instanceId, messageId));
      await Promise.all(over.map(message => settler.fail(message, expired(), ownership.tenureOf(message.instanceId).epoch)));
      if (messages.length < EXPIRED_AT_ONCE || over.length === 0) return;
    }
  }

  const sweep = (): Promise<void> => (sweeping ??= sweepOnce()
    .catch((err: unknown) => logger[isStoreAway(err) ? 'debug' : 'error']({ err }, 'the outbox could not be looked through'))
    .finally(() => { sweeping = null; }));

  function sweepLater(): void {
    cancelSweep = clock.after(SWEEP_MS, () => {
      void sweep();
      sweepLater();
    });
  }

  return {
    onStatus(instanceId, status) {
      if (status !== 'CONNECTED') return end(instanceId);
      if (open.has(instanceId) || catchingUp.has(instanceId)) return;
      catchingUp.set(instanceId, clock.after(CAUGHT_UP_WITHIN_MS, () => begin(instanceId)));
    },
    onCaughtUp: begin,
    holds: instanceId => works.has(instanceId) || open.has(instanceId) || catchingUp.has(instanceId),
    async release(instanceId) {
      end(instanceId);
      const isClosed = await queue.release(instanceId);
      if (!open.has(instanceId)) works.delete(instanceId);
      return isClosed;
    },
    nudge: instanceId => queue.nudge(instanceId),
    sweep,
    start() {
      if (running) return;
      running = true;
      void sweep();
      sweepLater();
    },
    async stop() {
      running = false;
      cancelSweep();
      for (const cancel of catchingUp.values()) cancel();
      catchingUp.clear();
      for (const instanceId of [...open]) acknowledgements.lose(instanceId);
      open.clear();
      await queue.stop();
      await sweeping;
    },
  };
}
