import { DomainError, ERROR_CODES, type ErrorCode } from '../../domain/errors.js';
import { queueIdOf, stateRank, type StoredMessage } from '../../domain/messages/message.js';
import type { MessageStore } from '../../ports/message-store.js';
import type { QueuedMessage, SendAnswer } from '../gateway.js';
import { ACK_TIMEOUT_MS, type Acknowledgements } from './acknowledgements.js';

export interface RepeatParts {
  messages: Pick<MessageStore, 'find'>;
  acknowledgements: Pick<Acknowledgements, 'wait'>;
}

/**
 * Answers a request whose idempotency key is bound to a message already: with what became of that message. Where it was sent
 * synchronously and still waits for WhatsApp, so does the repeat.
 * @throws DomainError `idempotency_key_reused`, or what the message failed with
 */
export function createRepeatSend({ messages, acknowledgements }: RepeatParts) {
  return async (first: StoredMessage, requestHash: string): Promise<SendAnswer> => {
    if (first.idempotency?.requestHash !== requestHash) {
      throw new DomainError('idempotency_key_reused', 'This Idempotency-Key was used for another request in the last 24 hours; nothing was sent.', {
        field: 'Idempotency-Key', hint: 'Use a new key for each message, and the same one only to repeat the same request.', details: { messageId: first.messageId },
      });
    }
    if (first.dueAt !== null) return { kind: 'queued', ...viewQueued(first) };
    return sentAnswer(first.state === 'sending' ? await waitForIt(first) : first);
  };

  async function waitForIt(first: StoredMessage): Promise<StoredMessage> {
    const { instanceId, messageId } = first;
    const acknowledged = acknowledgements.wait(instanceId, messageId, ACK_TIMEOUT_MS);
    // It may have come between the look at the row and the waiting.
    const now = await messages.find(instanceId, messageId);
    if (now && now.state !== 'sending') return now;
    await acknowledged;
    return await messages.find(instanceId, messageId) ?? first;
  }
}

/** What the caller of an asynchronous send is told. */
export function viewQueued(message: Pick<StoredMessage, 'messageId' | 'correlationId' | 'state' | 'dueAt' | 'createdAt' | 'expiresAt'>): QueuedMessage {
  const { messageId, correlationId, state, dueAt, createdAt, expiresAt } = message;
  return {
    messageId, correlationId: correlationId ?? '', queueId: queueIdOf(messageId), state: state ?? 'queued',
    scheduledAt: dueAt !== null && dueAt > createdAt ? dueAt : null, expiresAt,
  };
}

function sentAnswer(message: StoredMessage): SendAnswer {
  const { messageId, correlationId, party, state } = message;
  const timestamp = message.sentAt ?? message.deliveredAt ?? message.readAt ?? message.playedAt ?? message.timestamp;
  if (state !== null && state !== 'failed' && stateRank(state) >= stateRank('sent')) {
    return { kind: 'sent', messageId, correlationId: correlationId ?? '', to: party, timestamp };
  }
  if (state === 'failed' && message.failure) throw failureOf(message, message.failure);
  throw new DomainError('whatsapp_ack_timeout', 'WhatsApp has not acknowledged the message yet.', {
    hint: 'It may still arrive: repeat this request with the same Idempotency-Key, or follow the message.', details: { messageId, correlationId, state },
  });
}

function failureOf({ messageId, correlationId }: StoredMessage, { code, message }: { code: string; message: string }): DomainError {
  const known = ERROR_CODES.find((entry): entry is ErrorCode => entry === code) ?? 'message_failed';
  return new DomainError(known, message, {
    hint: 'This is what became of the first request with this Idempotency-Key. A new key sends anew.', details: { messageId, correlationId, failureCode: code },
  });
}
