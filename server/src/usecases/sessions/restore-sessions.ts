import type { Logger } from 'pino';
import { isDomainError } from '../../domain/errors.js';
import { mayComeBack } from '../../domain/instances/reasons.js';
import type { Tenure } from '../../domain/instances/tenure.js';
import type { Clock } from '../../ports/clock.js';
import type { KeyedLock } from '../../ports/keyed-lock.js';
import type { ConnectionHistory } from '../../ports/connection-history.js';
import type { InstanceRepository } from '../../ports/repositories.js';
import type { IncomingMessage, WhatsAppClient } from '../../ports/whatsapp-client.js';
import type { Auditor } from '../audit/auditor.js';
import type { Ownership } from '../cluster/ownership.js';
import { startClean } from './connect-instance.js';
import type { Session } from './session.js';
import type { SessionManager } from './session-manager.js';

/** How many connect at the same time after a start, and how long one may keep its place. */
const AT_ONCE = 5;
const PLACE_MS = 15_000;
/** Until one is tried again for which the store could not be reached. */
const STORE_PAUSE_MS = 2_000;

export interface RestoreParts {
  instances: Pick<InstanceRepository, 'find' | 'update'>;
  history: Pick<ConnectionHistory, 'append'>;
  sessions: Pick<SessionManager, 'of' | 'find'>;
  client: WhatsAppClient;
  ownership: Ownership;
  /** Stores an incoming message and what it sets off. */
  receive: (tenure: Tenure, message: IncomingMessage) => Promise<void>;
  auditor: Pick<Auditor, 'byGateway'>;
  turns: KeyedLock;
  clock: Clock;
  logger: Logger;
}

/** Brings back what this process has come to own: at its start, or from another node. */
export interface SessionRestorer {
  /** Resolves when each had its turn. One for which the store could not be reached has another one later. */
  bringBack(instanceIds: readonly string[]): Promise<void>;
  /** Whether its turn is still to come, or is under way. */
  isExpected(instanceId: string): boolean;
  /** Those that wait have no turn any more. */
  stop(): void;
}

/**
 * Active instances with a usable session connect by themselves, a few at a time, unless what ended them asks for somebody first; rows of the others
 * say that they are disconnected (requirement P3). What was decrypted and not stored before the process ended is stored in either case. What somebody did
 * to an instance meanwhile stands.
 */
export function createSessionRestorer({ instances, history, sessions, client, ownership, receive, auditor, turns, clock, logger }: RestoreParts): SessionRestorer {
  const waiting: (() => Promise<void>)[] = [];
  /** How many turns of each are to come, or under way. */
  const expected = new Map<string, number>();
  let working = 0;
  let stopped = false;

  /** Answers the session that was started, if any. */
  const begin = (instanceId: string) => turns.run([instanceId], async () => {
    const row = await instances.find(instanceId);
    if (!row || row.deletedAt !== null || stopped || isAtWork(sessions.find(instanceId))) return null;
    const tenure = ownership.tenureOf(instanceId);
    const paired = await client.hasSession(instanceId);
    if (row.active && paired && mayComeBack(row.reason)) {
      const session = sessions.of(row);
      await startClean(row, session, client);
      return session;
    }
    await client.replay(tenure, message => receive(tenure, message));
    if (row.status !== 'LOGGED_OUT' && row.status !== 'DISCONNECTED') {
      if (await client.discardHalfMadeSession(tenure)) await auditor.byGateway('session.discard_half_made', instanceId, 'ok');
      const change = { status: 'DISCONNECTED', reason: paired ? 'gateway_stopped' : 'never_paired' } as const;
      await instances.update(instanceId, { ...change, qr: null, qrAt: null }, clock.now(), tenure.epoch);
      await history.append(tenure, { at: clock.now(), ...change });
    }
    return null;
  });

  async function bringOneBack(instanceId: string): Promise<void> {
    try {
      const session = await begin(instanceId);
      await session?.waitFor(view => view.connection.status !== 'CONNECTING', PLACE_MS);
    } catch (err) {
      // Another node has it now, and does the same.
      if (isDomainError(err) && err.code === 'instance_unowned') return;
      // Nobody else brings it back while its lease lasts.
      if (isDomainError(err) && err.code === 'store_unavailable' && ownership.holds(instanceId)) {
        logger.debug({ err, instanceId, retryInMs: STORE_PAUSE_MS }, 'the instance could not be brought back yet');
        clock.after(STORE_PAUSE_MS, () => { if (!stopped && ownership.holds(instanceId)) enqueue(instanceId, () => {}); });
        return;
      }
      logger.error({ err, instanceId }, 'the instance could not be brought back');
    }
  }

  async function work(): Promise<void> {
    working += 1;
    try {
      for (let next = waiting.shift(); next; next = waiting.shift()) await next();
    } finally {
      working -= 1;
    }
  }

  function enqueue(instanceId: string, onEnd: () => void): void {
    expected.set(instanceId, (expected.get(instanceId) ?? 0) + 1);
    waiting.push(() => (stopped ? Promise.resolve() : bringOneBack(instanceId)).finally(() => {
      const left = (expected.get(instanceId) ?? 1) - 1;
      if (left > 0) expected.set(instanceId, left);
      else expected.delete(instanceId);
      onEnd();
    }));
    if (working < AT_ONCE) void work();
  }

  return {
    async bringBack(instanceIds) {
      await Promise.all(instanceIds.map(instanceId => new Promise<void>(resolve => enqueue(instanceId, resolve))));
    },
    isExpected: instanceId => expected.has(instanceId),
    stop() {
      stopped = true;
    },
  };
}

/** Whether somebody has connected it in the meantime. */
function isAtWork(session: Session | null): boolean {
  const status = session?.view().connection.status;
  return status !== undefined && status !== 'DISCONNECTED' && status !== 'LOGGED_OUT';
}
