import type { Logger } from 'pino';
import { isDomainError } from '../../domain/errors.js';
import type { InstanceSettings } from '../../domain/instances/instance.js';
import { isTemporaryFailure, isTemporaryRefusal, MAX_ATTEMPTS, sendRetryDelayMs } from '../../domain/messages/failures.js';
import type { MessageFailure, StoredMessage } from '../../domain/messages/message.js';
import type { Clock, Random } from '../../ports/clock.js';
import type { MessageStore, Outbox } from '../../ports/message-store.js';
import type { QueueWork } from '../../ports/send-queue.js';
import type { WhatsAppSocket } from '../../ports/whatsapp-client.js';
import type { SessionManager } from '../sessions/session-manager.js';
import { ACK_TIMEOUT_MS, type Acknowledgements } from './acknowledgements.js';
import type { QueuedPreparer } from './prepare-queued.js';
import type { Relay } from './relay.js';
import { createSendPacing } from './send-pacing.js';
import { refusal, type MessageSettler } from './settle-message.js';

/** Messages read ahead where nothing has to be waited for in between. */
const READ_AHEAD = 32;
/** Without a connection the worker is opened anew when there is one; this only bounds the harm of a wake-up that never came. */
const NOT_CONNECTED_MS = 30_000;

export interface OutboxWorkerParts {
  outbox: Pick<Outbox, 'next' | 'begin' | 'putBack'>;
  messages: Pick<MessageStore, 'find'>;
  sessions: Pick<SessionManager, 'find'>;
  settler: Pick<MessageSettler, 'fail'>;
  acknowledgements: Pick<Acknowledgements, 'waitInQueue'>;
  relay: Pick<Relay, 'send'>;
  prepare: QueuedPreparer;
  settingsOf: (instanceId: string) => Promise<InstanceSettings>;
  clock: Clock;
  random: Pick<Random, 'float'>;
  logger: Pick<Logger, 'info' | 'warn' | 'error'>;
}

/** What became of one attempt: the message has left the queue, it is tried again later, or its connection is gone. */
type AttemptEnd = { left: true } | { left: false; again: number };

/**
 * Works one instance's outbox: its first message is sent and WhatsApp's word on it awaited before the next one's turn, so that order is
 * kept whatever happens. Without a connection the head of the line stays, and uses up no attempt.
 */
export function createOutboxWork(instanceId: string, parts: OutboxWorkerParts): QueueWork {
  const { outbox, messages, sessions, clock, random } = parts;
  const pacing = createSendPacing();
  /** When the message that failed for a passing reason may be tried again. */
  let retryAt = 0;
  /** Between our word that a message goes out and WhatsApp's; what was written to a connection that is gone is unknown to it. */
  const written = new Set<string>();

  return async upTo => {
    if (upTo !== null && !isWaiting(await messages.find(instanceId, upTo))) return null;
    const settings = await parts.settingsOf(instanceId);
    let ahead: StoredMessage[] = [];
    for (;;) {
      if (ahead.length === 0) ahead = await outbox.next(instanceId, settings.sendIntervalMs > 0 || settings.recipientIntervalMs > 0 ? 1 : READ_AHEAD);
      const message = ahead.shift();
      if (!message) return null;
      const now = clock.now();
      const socket = sessions.find(instanceId)?.socket;
      if (message.state === 'queued' && (message.dueAt ?? 0) > now) return { again: message.dueAt ?? now };
      if (!socket) return { again: now + NOT_CONNECTED_MS };
      const opensAt = Math.max(retryAt, pacing.opensAt(settings, message.chatId));
      if (opensAt > now) return { again: opensAt };

      const end = await attempt(socket, message);
      if (!end.left) {
        retryAt = end.again;
        return end;
      }
      if (message.messageId === upTo) return null;
    }
  };

  async function attempt(socket: WhatsAppSocket, message: StoredMessage): Promise<AttemptEnd> {
    const { messageId, state } = message;
    if (message.expiresAt !== null && message.expiresAt <= clock.now()) return fail(message, expired());
    // One that a crash or a lost connection left in `sending` goes on with the attempt it was at.
    const number = state === 'sending' ? Math.max(1, message.attempts) : message.attempts + 1;
    const ready = await parts.prepare(socket, message).catch((error: unknown) => toFailure(message, error));
    if ('failure' in ready) return isCurrent(socket) ? judge(message, number, ready.failure, ready.mayPass) : lost();

    const acknowledged = parts.acknowledgements.waitInQueue(instanceId, messageId, ACK_TIMEOUT_MS);
    const permit = outbox.begin({ instanceId, messageId, attempts: number, ...ready });
    const facts = { party: ready.party, chatId: ready.chatId, correlationId: message.correlationId, retries: message.retries };
    const again = state === 'sending' || number > 1 || message.retries > 0 || written.has(messageId);
    const wrote = await parts.relay.send(socket, { instanceId, messageId, proto: ready.proto, facts, permit: permit.catch(() => false), again });
    // Cancelled meanwhile, or ended by whoever ended the account: it is not ours any more.
    if (!await permit) return { left: true };
    if (!wrote) return isCurrent(socket) ? judge(message, number, { code: 'whatsapp_unavailable', message: 'The message could not be written to WhatsApp.' }) : lost();
    written.add(messageId);
    pacing.written(message.chatId, clock.now(), random.float());

    const ack = await acknowledged;
    if (ack === 'lost') return lost();
    if (ack === null) return judge(message, number, { code: 'whatsapp_ack_timeout', message: `WhatsApp did not acknowledge the message in ${number} attempts.` });
    if (ack.errorCode !== null && isTemporaryRefusal(ack.errorCode)) return judge(message, number, refusal(ack.errorCode), true);
    return leave(messageId);
  }

  function toFailure({ messageId }: StoredMessage, error: unknown): { failure: MessageFailure; mayPass: boolean } {
    if (isDomainError(error)) return { failure: { code: error.code, message: error.message }, mayPass: isTemporaryFailure(error.code) };
    // Whatever it is, it must not stand in everybody's way for ever.
    parts.logger.error({ err: error, instanceId, messageId }, 'a queued message could not be made ready');
    return { failure: { code: 'internal_error', message: 'The gateway met an unexpected failure with this message; its log tells more.' }, mayPass: true };
  }

  /** The connection is gone: the message stays where it is, and goes out over the next one. */
  function lost(): AttemptEnd {
    return { left: false, again: clock.now() };
  }

  function isCurrent(socket: WhatsAppSocket): boolean {
    return sessions.find(instanceId)?.socket === socket;
  }

  async function judge(message: StoredMessage, number: number, failure: MessageFailure, mayPass = isTemporaryFailure(failure.code)): Promise<AttemptEnd> {
    const { messageId } = message;
    if (!mayPass || number >= MAX_ATTEMPTS) return fail(message, failure);
    const delay = sendRetryDelayMs(number, random.float());
    parts.logger.info({ instanceId, messageId, attempt: number, reason: failure.code, retryInMs: delay }, 'a queued message could not be sent; it is tried again');
    await outbox.putBack(instanceId, messageId, number);
    return { left: false, again: clock.now() + delay };
  }

  async function fail(message: StoredMessage, failure: MessageFailure): Promise<AttemptEnd> {
    parts.logger.warn({ instanceId, messageId: message.messageId, reason: failure.code }, 'a queued message failed: it is a dead letter now');
    await parts.settler.fail(message, failure);
    return leave(message.messageId);
  }

  function leave(messageId: string): AttemptEnd {
    written.delete(messageId);
    return { left: true };
  }
}

/** Why a message that waited too long was not sent. */
export function expired(): MessageFailure {
  return { code: 'expired', message: 'The message could not be sent before it expired; nothing stale goes out.' };
}

function isWaiting(message: StoredMessage | null): boolean {
  return message?.state === 'queued' || message?.state === 'sending';
}

