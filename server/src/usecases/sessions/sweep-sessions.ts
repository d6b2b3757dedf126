import type { Logger } from 'pino';
import { isStoreAway } from '../../domain/errors.js';
import { isAtRest } from '../../domain/instances/connection.js';
import type { Clock } from '../../ports/clock.js';
import type { InstanceRepository } from '../../ports/repositories.js';
import type { Auditor } from '../audit/auditor.js';
import type { Ownership } from '../cluster/ownership.js';
import type { SessionCleaner } from './clean-sessions.js';
import type { SessionRestorer } from './restore-sessions.js';
import type { SessionManager } from './session-manager.js';

export interface SweepParts {
  cleaner: SessionCleaner;
  instances: Pick<InstanceRepository, 'list'>;
  sessions: Pick<SessionManager, 'find'>;
  ownership: Pick<Ownership, 'holds'>;
  restorer: Pick<SessionRestorer, 'bringBack' | 'isExpected'>;
  auditor: Pick<Auditor, 'byGateway'>;
  /** Milliseconds. */
  times: { pairingTimeoutMs: number; pendingSweepMs: number; inactiveSweepMs: number };
  clock: Clock;
  logger: Pick<Logger, 'info' | 'debug' | 'error'>;
}

export interface SessionSweeps {
  start(): void;
  /** Gives up pairings whose time is over, and takes up what stands nowhere but in a row. */
  sweepPending(): Promise<void>;
  /** Lets go of what is at rest, and of credentials that are of no use to anybody. */
  sweepInactive(): Promise<void>;
  /** Resolves when no sweep is under way. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Regular clean-ups of what this node owns (requirement B4). The first sweep stands behind the timer of each pairing: it finds those that began
 * anew again and again, and rows that say that something is connecting or connected here while nothing is, as after a failed take-over.
 */
export function createSessionSweeps({ cleaner, instances, sessions, ownership, restorer, auditor, times, clock, logger }: SweepParts): SessionSweeps {
  const underWay = new Map<string, Promise<void>>();
  const timers = new Map<string, () => void>();

  /** Nobody works on these, although their rows say so. Those whose turn comes after a start are not forgotten: many of them wait for long. */
  async function stranded(): Promise<string[]> {
    const before = clock.now() - times.pairingTimeoutMs;
    const rows = await instances.list();
    return rows.filter(row => !isAtRest(row) && row.deletedAt === null && row.updatedAt <= before && ownership.holds(row.instanceId) && !sessions.find(row.instanceId) && !restorer.isExpected(row.instanceId))
      .map(({ instanceId }) => instanceId);
  }

  async function pending(): Promise<void> {
    const expired = await cleaner.expirePending({ olderThanMs: times.pairingTimeoutMs, by: 'sweep' });
    const left = await stranded();
    await restorer.bringBack(left);
    await Promise.all(left.map(instanceId => auditor.byGateway('session.take_up', instanceId, 'ok')));
    if (expired.length + left.length > 0) logger.info({ expired: expired.length, takenUp: left.length }, 'pairings that nobody finished were given up, and rows without a session taken up');
  }

  async function inactive(): Promise<void> {
    const released = await cleaner.releaseInactive();
    const discarded = await cleaner.discardHalfMade();
    await Promise.all([
      ...released.map(instanceId => auditor.byGateway('session.release', instanceId, 'ok')),
      ...discarded.map(instanceId => auditor.byGateway('session.discard_half_made', instanceId, 'ok')),
    ]);
    if (released.length + discarded.length > 0) logger.info({ released: released.length, discarded: discarded.length }, 'inactive sessions were released');
  }

  function once(name: string, sweep: () => Promise<void>): () => Promise<void> {
    return () => {
      const running = underWay.get(name) ?? sweep()
        .catch((err: unknown) => logger[isStoreAway(err) ? 'debug' : 'error']({ err, sweep: name }, 'sessions could not be swept'))
        .finally(() => underWay.delete(name));
      underWay.set(name, running);
      return running;
    };
  }

  function every(name: string, ms: number, sweep: () => Promise<void>): void {
    timers.set(name, clock.after(ms, () => {
      void sweep();
      every(name, ms, sweep);
    }));
  }

  const sweepPending = once('pending', pending);
  const sweepInactive = once('inactive', inactive);
  return {
    sweepPending,
    sweepInactive,
    start() {
      if (timers.size > 0) return;
      every('pending', times.pendingSweepMs, sweepPending);
      every('inactive', times.inactiveSweepMs, sweepInactive);
    },
    async stop() {
      for (const cancel of timers.values()) cancel();
      timers.clear();
      await Promise.all(underWay.values());
    },
  };
}
