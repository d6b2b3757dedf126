import type { Logger } from 'pino';
import type { Clock } from '../../ports/clock.js';
import type { KeyedLock } from '../../ports/keyed-lock.js';
import type { InstanceRepository } from '../../ports/repositories.js';
import type { IncomingMessage, WhatsAppClient } from '../../ports/whatsapp-client.js';
import { startClean } from './connect-instance.js';
import type { Session } from './session.js';
import type { SessionManager } from './session-manager.js';

/** How many connect at the same time after a start, and how long one may keep its place. */
const AT_ONCE = 5;
const PLACE_MS = 15_000;

export interface RestoreParts {
  instances: InstanceRepository;
  sessions: SessionManager;
  client: WhatsAppClient;
  /** Stores an incoming message and what it sets off. */
  receive: (instanceId: string, message: IncomingMessage) => Promise<void>;
  turns: KeyedLock;
  clock: Clock;
  logger: Logger;
}

/**
 * After a start: active instances with a usable session connect by themselves, a few at a time; rows of the others say that they are
 * disconnected (requirement P3). What was decrypted and not stored before the process ended is stored in either case. What somebody did
 * to an instance meanwhile stands. Stops early when `signal` says so.
 */
export async function restoreSessions({ instances, sessions, client, receive, turns, clock, logger }: RestoreParts, signal: AbortSignal): Promise<void> {
  const waiting = await instances.list();

  /** Answers the session that was started, if any. */
  const bringBack = (instanceId: string) => turns.run([instanceId], async () => {
    const row = await instances.find(instanceId);
    if (!row || row.deletedAt !== null || signal.aborted || isAtWork(sessions.find(instanceId))) return null;
    const paired = await client.hasSession(instanceId);
    if (row.active && paired) {
      const session = sessions.of(row);
      await startClean(row, session, client);
      return session;
    }
    await client.replay(instanceId, message => receive(instanceId, message));
    if (row.status !== 'LOGGED_OUT' && row.status !== 'DISCONNECTED') {
      await client.discardHalfMadeSession(instanceId);
      await instances.update(instanceId, { status: 'DISCONNECTED', reason: paired ? 'gateway_stopped' : 'never_paired', qr: null, qrAt: null }, clock.now());
    }
    return null;
  });

  const worker = async () => {
    for (let row = waiting.shift(); row && !signal.aborted; row = waiting.shift()) {
      const { instanceId } = row;
      try {
        const session = await bringBack(instanceId);
        await session?.waitFor(view => view.connection.status !== 'CONNECTING', PLACE_MS);
      } catch (err) {
        logger.error({ err, instanceId }, 'the instance could not be brought back');
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** Whether somebody has connected it in the meantime. */
function isAtWork(session: Session | null): boolean {
  const status = session?.view().connection.status;
  return status !== undefined && status !== 'DISCONNECTED' && status !== 'LOGGED_OUT';
}
