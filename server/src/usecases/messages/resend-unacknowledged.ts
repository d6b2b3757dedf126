import type { Logger } from 'pino';
import { isPassing } from '../../domain/errors.js';
import { MAX_ATTEMPTS } from '../../domain/messages/failures.js';
import type { Tenure } from '../../domain/instances/tenure.js';
import type { StoredMessage } from '../../domain/messages/message.js';
import type { Clock } from '../../ports/clock.js';
import type { MessageStore } from '../../ports/message-store.js';
import type { WhatsAppSocket } from '../../ports/whatsapp-client.js';
import type { SessionManager } from '../sessions/session-manager.js';
import { ACK_TIMEOUT_MS } from './acknowledgements.js';
import type { Relay } from './relay.js';
import type { MessageSettler } from './settle-message.js';

export interface ResendParts {
  sessions: Pick<SessionManager, 'find'>;
  messages: Pick<MessageStore, 'listUnacknowledged' | 'markAttempt'>;
  settler: Pick<MessageSettler, 'fail'>;
  relay: Relay;
  clock: Clock;
  logger: Logger;
}

/**
 * Gives messages that WhatsApp never acknowledged their end. They are sent again under the same id: at once when the connection
 * they were written to is gone, else when their time is over; three attempts altogether. Call it when a connection has caught up (a
 * receipt that waited there makes a resend needless) and when an acknowledgement is overdue; it looks again by itself while
 * something is under way.
 */
export function createResendUnacknowledged({ sessions, messages, settler, relay, clock, logger }: ResendParts) {
  const running = new Set<string>();
  /** Cancels the next look at an instance: there is one at most, however many ask for one. */
  const nextLooks = new Map<string, () => void>();

  function lookAgain(instanceId: string): void {
    nextLooks.get(instanceId)?.();
    nextLooks.set(instanceId, clock.after(ACK_TIMEOUT_MS, () => {
      nextLooks.delete(instanceId);
      void followUp(instanceId);
    }));
  }

  async function resend(socket: WhatsAppSocket, tenure: Tenure, message: StoredMessage): Promise<void> {
    const { instanceId, messageId, proto, attempts } = message;
    if (attempts >= MAX_ATTEMPTS || !proto) {
      const sentence = `WhatsApp did not acknowledge the message in ${MAX_ATTEMPTS} attempts.`;
      return settler.fail(message, { code: 'whatsapp_ack_timeout', message: sentence }, tenure.epoch);
    }
    // A receipt may have come since it was read: several go out one after the other, and the store may be slow.
    if (!await messages.markAttempt(tenure, messageId, attempts + 1)) return;
    logger.info({ instanceId, messageId, attempt: attempts + 1 }, 'sending a message again that was not acknowledged');
    await relay.send(socket, { instanceId, messageId, proto, facts: message, again: true });
  }

  const followUp = async (instanceId: string): Promise<void> => {
    const session = sessions.find(instanceId);
    const socket = session?.socket;
    if (!session || !socket || running.has(instanceId)) return;
    running.add(instanceId);
    try {
      const waiting = await messages.listUnacknowledged(instanceId);
      for (const message of waiting) {
        if (!relay.isUnderWay(socket, instanceId, message.messageId)) await resend(socket, session.tenure, message);
      }
      if (waiting.length > 0) lookAgain(instanceId);
    } catch (err) {
      logger[isPassing(err) ? 'debug' : 'warn']({ err, instanceId }, 'unacknowledged messages could not be sent again; the next connection tries once more');
    } finally {
      running.delete(instanceId);
    }
  };

  return followUp;
}
