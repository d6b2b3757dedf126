import type { MessageState, StoredMessage } from '../../domain/messages/message.js';
import type { Row, SqlValue } from './database.js';

/** The columns of a message, in the order in which `messageValues` gives them. */
export const MESSAGE_COLUMNS = ['instanceId', 'messageId', 'direction', 'chatId', 'party', 'type', 'state', 'correlationId', 'proto', 'attempts',
  'failureCode', 'failureMessage', 'timestamp', 'createdAt', 'sentAt', 'deliveredAt', 'readAt', 'playedAt', 'failedAt',
  'dueAt', 'expiresAt', 'request', 'retries', 'discardedAt', 'idempotencyKey', 'requestHash'] as const;

/** Where the time of a step is kept; `failedAt` is always written, since a late acknowledgement takes a failure back. */
export const TIME_COLUMN: Partial<Record<MessageState, (typeof MESSAGE_COLUMNS)[number]>> = { sent: 'sentAt', delivered: 'deliveredAt', read: 'readAt', played: 'playedAt' };

export function messageValues(m: StoredMessage): SqlValue[] {
  return [m.instanceId, m.messageId, m.direction, m.chatId, m.party, m.type, m.state, m.correlationId, m.proto, m.attempts,
    m.failure?.code ?? null, m.failure?.message ?? null, m.timestamp, m.createdAt, m.sentAt, m.deliveredAt, m.readAt, m.playedAt, m.failedAt,
    m.dueAt, m.expiresAt, m.request, m.retries, m.discardedAt, m.idempotency?.key ?? null, m.idempotency?.requestHash ?? null];
}

export function toMessage(row: Row): StoredMessage {
  return {
    instanceId: row.instanceId as string,
    messageId: row.messageId as string,
    direction: row.direction as 'in' | 'out',
    chatId: row.chatId as string,
    party: row.party as string,
    type: row.type as string,
    state: row.state as MessageState | null,
    correlationId: row.correlationId as string | null,
    proto: row.proto as Uint8Array | null,
    attempts: row.attempts as number,
    failure: row.failureCode === null ? null : { code: row.failureCode as string, message: row.failureMessage as string },
    timestamp: row.timestamp as number,
    createdAt: row.createdAt as number,
    sentAt: row.sentAt as number | null,
    deliveredAt: row.deliveredAt as number | null,
    readAt: row.readAt as number | null,
    playedAt: row.playedAt as number | null,
    failedAt: row.failedAt as number | null,
    dueAt: row.dueAt as number | null,
    expiresAt: row.expiresAt as number | null,
    request: row.request as string | null,
    retries: row.retries as number,
    discardedAt: row.discardedAt as number | null,
    idempotency: row.idempotencyKey === null ? null : { key: row.idempotencyKey as string, requestHash: row.requestHash as string },
  };
}
