import type { Logger } from 'pino';
import type { ErrorCode } from '../../domain/errors.js';
import type { SessionEnd } from '../../domain/instances/backup.js';
import type { ConnectionEvent, ConnectionState, Transition } from '../../domain/instances/connection.js';
import { factsOf, type ConnectionFact } from '../../domain/instances/session-fact.js';
import type { Clock } from '../../ports/clock.js';

/** What happened to an instance's connection, with how long it took. Milliseconds. */
export type SessionFact = { instanceId: string } & (
  | Exclude<ConnectionFact, { type: 'qr_shown' | 'scanned' | 'opened' }>
  /** `afterMs`: since somebody called connect, or since the attempt began that the gateway made by itself. */
  | { type: 'qr_shown'; afterMs: number }
  /** `afterMs`: since the QR code was shown first. */
  | { type: 'scanned'; afterMs: number }
  /** `afterMs`: since the scan where there was one (`since: 'scanned'`), else as that of `qr_shown`. */
  | { type: 'opened'; afterMs: number; since: 'connect_started' | 'scanned' }
  /** The credentials were deleted; `failure` says why they could not be. */
  | { type: 'wiped'; cause: SessionEnd['cause']; failure: ErrorCode | null }
);

/** Told what happens to connections, at once. It must not throw, and takes no time. */
export type SessionObserver = (fact: SessionFact) => void;

/** Passes on what each step of one instance's connection comes to. */
export function createFactReporter(instanceId: string, observe: SessionObserver, clock: Pick<Clock, 'elapsed'>) {
  let startedAt = clock.elapsed();
  let shownAt = startedAt;
  let scannedAt: number | null = null;

  function timed(fact: ConnectionFact): SessionFact {
    const now = clock.elapsed();
    switch (fact.type) {
      case 'connect_started':
        // The restart that WhatsApp demands after a scan belongs to the attempt that was begun.
        if (!fact.again || scannedAt === null) startedAt = now;
        if (!fact.again) scannedAt = null;
        return { instanceId, ...fact };
      case 'qr_shown':
        shownAt = now;
        scannedAt = null;
        return { instanceId, ...fact, afterMs: now - startedAt };
      case 'scanned':
        scannedAt = now;
        return { instanceId, ...fact, afterMs: now - shownAt };
      case 'opened': {
        const since = scannedAt === null ? 'connect_started' : 'scanned';
        const afterMs = now - (scannedAt ?? startedAt);
        scannedAt = null;
        return { instanceId, ...fact, afterMs, since };
      }
      default: return { instanceId, ...fact };
    }
  }

  return (before: ConnectionState, event: ConnectionEvent, step: Transition): void => {
    for (const fact of factsOf(before, event, step)) observe(timed(fact));
  };
}

/** Where whoever counts can listen to the facts of every session; one listener that throws harms nobody. */
export interface SessionFacts {
  observe: SessionObserver;
  listen(listener: SessionObserver): void;
}

export function createSessionFacts(logger: Pick<Logger, 'error'>): SessionFacts {
  const listeners: SessionObserver[] = [];
  return {
    observe(fact) {
      for (const listener of listeners) {
        try {
          listener(fact);
        } catch (err) {
          logger.error({ err, instanceId: fact.instanceId, fact: fact.type }, 'a fact of a session could not be counted');
        }
      }
    },
    listen: listener => void listeners.push(listener),
  };
}
