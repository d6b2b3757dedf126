import { DomainError, ERROR_CODES, type ErrorCode } from '../../domain/errors.js';
import { queueIdOf, stateRank, type StoredMessage } from '../../domain/messages/message.js';
import type { MessageStore } from '../../ports/message-store.js';
import type { QueuedMessage, SendAnswer } from '../gateway.js';
import { ACK_TIMEOUT_MS, type Acknowledgements } from './acknowledgements.js';
import { findWhereItWasLeft, type LeftSendParts } from './left-send.js';

export interface RepeatParts extends LeftSendParts {
  messages: Pick<MessageStore, 'find'>;
  acknowledgements: Pick<Acknowledgements, 'wait' | 'hasGivenUp'>;
}

/**
 * Answers a request whose idempotency key is bound to a message already: with what became of that message. Where it was sent
 * synchronously and still waits for WhatsApp, so does the repeat.
 * @throws DomainError `idempotency_key_reused`, or what the message failed with
 */
export function createRepeatSend(parts: RepeatParts) {
  const { messages, acknowledgements, clock } = parts;
  return async (first: StoredMessage, requestHash: string): Promise<SendAnswer> => {
    requireSameRequest(first, requestHash);
    return answerRepeat(first.state === 'sending' && first.dueAt === null ? await waitForIt(first) : first);
  };

  async function waitForIt(first: StoredMessage): Promise<StoredMessage> {
    const { instanceId, messageId } = first;
    const until = clock.elapsed() + ACK_TIMEOUT_MS;
    const acknowledged = acknowledgements.wait(instanceId, messageId, ACK_TIMEOUT_MS);
    // It may have come between the look at the row and the waiting.
    const now = await messages.find(instanceId, messageId);
    if (now && now.state !== 'sending') return now;
    if (await acknowledged === 'left') return await findWhereItWasLeft(parts, first, until) ?? first;
    return await messages.find(instanceId, messageId) ?? first;
  }
}

/** @throws DomainError `idempotency_key_reused` where the message that holds the key was asked for otherwise */
export function requireSameRequest(first: StoredMessage, requestHash: string): void {
  if (first.idempotency?.requestHash === requestHash) return;
  throw new DomainError('idempotency_key_reused', 'This Idempotency-Key was used for another request in the last 24 hours; nothing was sent.', {
    field: 'Idempotency-Key', hint: 'Use a new key for each message, and the same one only to repeat the same request.', details: { messageId: first.messageId },
  });
}

/** What became of the message that holds the key, as it is now. @throws DomainError what it failed with, or `whatsapp_ack_timeout` */
export function answerRepeat(first: StoredMessage): SendAnswer {
  return first.dueAt === null ? answerSent(first, REPEATED) : { kind: 'queued', ...viewQueued(first) };
}

/** What the caller of an asynchronous send is told. */
export function viewQueued(message: Pick<StoredMessage, 'messageId' | 'correlationId' | 'state' | 'dueAt' | 'createdAt' | 'expiresAt'>): QueuedMessage {
  const { messageId, correlationId, state, dueAt, createdAt, expiresAt } = message;
  return {
    messageId, correlationId: correlationId ?? '', queueId: queueIdOf(messageId), state: state ?? 'queued',
    scheduledAt: dueAt !== null && dueAt > createdAt ? dueAt : null, expiresAt,
  };
}

/** What somebody is to do who is told of a message that failed, or is not acknowledged yet. */
export interface SendHints { failed: string; waiting: string }

/** The same, of the first request itself. */
export function hintsFor({ instanceId, messageId }: Pick<StoredMessage, 'instanceId' | 'messageId'>): SendHints {
  return {
    failed: 'The message was not delivered.',
    waiting: `It may still arrive, so do not send it again blindly: follow GET /instances/${instanceId}/messages/${messageId}.`,
  };
}

const REPEATED: SendHints = {
  failed: 'This is what became of the first request with this Idempotency-Key. A new key sends anew.',
  waiting: 'It may still arrive: repeat this request with the same Idempotency-Key, or follow the message.',
};

/** What became of a synchronous send, by its row. @throws DomainError what it failed with, or `whatsapp_ack_timeout` */
export function answerSent(message: StoredMessage, hints: SendHints): SendAnswer {
  const { messageId, correlationId, party, state } = message;
  const timestamp = message.sentAt ?? message.deliveredAt ?? message.readAt ?? message.playedAt ?? message.timestamp;
  if (state !== null && state !== 'failed' && stateRank(state) >= stateRank('sent')) {
    return { kind: 'sent', messageId, correlationId: correlationId ?? '', to: party, timestamp };
  }
  if (state === 'failed' && message.failure) throw failureOf(message, message.failure, hints.failed);
  throw new DomainError('whatsapp_ack_timeout', 'WhatsApp has not acknowledged the message yet.', {
    hint: hints.waiting, details: { messageId, correlationId, state },
  });
}

function failureOf({ messageId, correlationId }: StoredMessage, { code, message }: { code: string; message: string }, hint: string): DomainError {
  const known = ERROR_CODES.find((entry): entry is ErrorCode => entry === code) ?? 'message_failed';
  return new DomainError(known, message, { hint, details: { messageId, correlationId, failureCode: code } });
}
