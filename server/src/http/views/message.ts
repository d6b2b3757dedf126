import type { Static } from 'typebox';
import { queueIdOf, type StoredMessage } from '../../domain/messages/message.js';
import type { QueuedMessage, SendAnswer, SentMessage } from '../../usecases/gateway.js';
import type { MessageSchema } from '../schemas/message.js';
import type { QueuedMessageSchema, SentMessageSchema } from '../schemas/send.js';
import { iso, maybeIso } from './time.js';

export function viewSent(sent: SentMessage): Static<typeof SentMessageSchema> {
  return { messageId: sent.messageId, correlationId: sent.correlationId, status: 'sent', to: sent.to, timestamp: iso(sent.timestamp) };
}

/** The HTTP status of a send's answer, and its body. */
export function viewSend(answer: SendAnswer): { code: 201; body: Static<typeof SentMessageSchema> } | { code: 202; body: Static<typeof QueuedMessageSchema> } {
  return answer.kind === 'sent' ? { code: 201, body: viewSent(answer) } : { code: 202, body: viewQueued(answer) };
}

export function viewQueued({ messageId, correlationId, queueId, state, scheduledAt, expiresAt }: QueuedMessage): Static<typeof QueuedMessageSchema> {
  return { messageId, correlationId, queueId, status: state, ...maybeIso('scheduledAt', scheduledAt), ...maybeIso('expiresAt', expiresAt) };
}

export function viewMessage(message: StoredMessage): Static<typeof MessageSchema> {
  return {
    messageId: message.messageId,
    direction: message.direction,
    chatId: message.chatId,
    ...(message.direction === 'out' ? { to: message.party } : { from: message.party }),
    type: message.type,
    ...(message.state === null ? {} : { status: message.state }),
    ...(message.correlationId === null ? {} : { correlationId: message.correlationId }),
    attempts: message.attempts,
    ...(message.failure === null ? {} : { error: { code: message.failure.code, message: message.failure.message } }),
    timestamp: iso(message.timestamp),
    createdAt: iso(message.createdAt),
    ...maybeIso('sentAt', message.sentAt),
    ...maybeIso('deliveredAt', message.deliveredAt),
    ...maybeIso('readAt', message.readAt),
    ...maybeIso('playedAt', message.playedAt),
    ...maybeIso('failedAt', message.failedAt),
    ...(message.dueAt === null ? {} : { queueId: queueIdOf(message.messageId), dueAt: iso(message.dueAt) }),
    ...(message.direction === 'out' ? maybeIso('expiresAt', message.expiresAt) : {}),
  };
}
