import type { Logger } from 'pino';
import type { Clock } from '../../ports/clock.js';
import type { InstanceRepository } from '../../ports/repositories.js';
import type { WhatsAppClient } from '../../ports/whatsapp-client.js';
import { startClean } from './connect-instance.js';
import type { SessionManager } from './session-manager.js';

/** How many connect at the same time after a start, and how long one may keep its place. */
const AT_ONCE = 5;
const PLACE_MS = 15_000;

export interface RestoreParts {
  instances: InstanceRepository;
  sessions: SessionManager;
  client: WhatsAppClient;
  clock: Clock;
  logger: Logger;
}

/**
 * After a start: active instances with a usable session connect by themselves, a few at a time; rows of the others say that they are
 * disconnected (requirement P3). Stops early when `signal` says so.
 */
export async function restoreSessions({ instances, sessions, client, clock, logger }: RestoreParts, signal: AbortSignal): Promise<void> {
  const waiting = await instances.list();
  const worker = async () => {
    for (let row = waiting.shift(); row && !signal.aborted; row = waiting.shift()) {
      const { instanceId } = row;
      try {
        const paired = await client.hasSession(instanceId);
        if (row.active && paired) {
          const session = sessions.of(row);
          await startClean(row, session, client);
          await session.waitFor(view => view.connection.status !== 'CONNECTING', PLACE_MS);
        } else if (row.status !== 'LOGGED_OUT' && row.status !== 'DISCONNECTED') {
          await client.discardHalfMadeSession(instanceId);
          await instances.update(instanceId, { status: 'DISCONNECTED', reason: paired ? 'gateway_stopped' : 'never_paired', qr: null, qrAt: null }, clock.now());
        }
      } catch (err) {
        logger.error({ err, instanceId }, 'the instance could not be brought back');
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
