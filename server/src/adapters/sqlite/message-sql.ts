import type { MessageState, StoredMessage } from '../../domain/messages/message.js';
import { statesBefore } from '../../domain/messages/message.js';
import type { MessageOrigin, MessageStep } from '../../ports/message-store.js';
import type { Row, SqlValue, Statement } from './database-protocol.js';

const COLUMNS = ['instanceId', 'messageId', 'direction', 'chatId', 'party', 'type', 'state', 'correlationId', 'proto', 'attempts',
  'failureCode', 'failureMessage', 'timestamp', 'createdAt', 'sentAt', 'deliveredAt', 'readAt', 'playedAt', 'failedAt',
  'dueAt', 'expiresAt', 'request', 'retries', 'discardedAt', 'idempotencyKey', 'requestHash'];
export const MESSAGE_COLUMNS = COLUMNS.join(', ');

const INSERT = `INSERT INTO Message (${MESSAGE_COLUMNS}) VALUES (${COLUMNS.map(() => '?').join(', ')})`;
const INSERT_NEW = `INSERT INTO Message (${MESSAGE_COLUMNS}) SELECT ${COLUMNS.map((_, index) => `?${index + 1}`).join(', ')}
  WHERE NOT EXISTS (SELECT 1 FROM Message WHERE instanceId = ?1 AND messageId = ?2 AND direction = ?3
    AND (chatId = ?${COLUMNS.length + 1} OR chatId = ?4 AND party = ?${COLUMNS.length + 2}))
  ON CONFLICT (instanceId, chatId, direction, messageId, party) DO NOTHING`;
const INSERT_WITH_KEY = `${INSERT} ON CONFLICT (instanceId, idempotencyKey) WHERE idempotencyKey IS NOT NULL DO NOTHING`;
const GIVE_UP_KEY = `UPDATE Message SET idempotencyKey = NULL WHERE instanceId = ? AND idempotencyKey = ? AND createdAt <= ?`;

/** Writes an outgoing message; the unit fails when it is there already. */
export function insertMessage(message: StoredMessage): Statement {
  return { sql: INSERT, params: valuesOf(message) };
}

/** Writes an incoming message; the unit is refused when it is there already, under the chat's or the sender's other name as well. */
export function insertNewMessage(message: StoredMessage, { otherChatId = null, otherParty = null }: Pick<MessageOrigin, 'otherChatId' | 'otherParty'>): Statement {
  return { sql: INSERT_NEW, params: [...valuesOf(message), otherChatId, otherParty], requireChanges: true };
}

/** Writes an outgoing message with an idempotency key; the unit is refused when a message made after `keysSince` holds the key. */
export function insertKeyedMessage(message: StoredMessage, keysSince: number): Statement[] {
  return [
    { sql: GIVE_UP_KEY, params: [message.instanceId, message.idempotency?.key ?? null, keysSince] },
    { sql: INSERT_WITH_KEY, params: valuesOf(message), requireChanges: true },
  ];
}

function valuesOf(m: StoredMessage): SqlValue[] {
  return [m.instanceId, m.messageId, m.direction, m.chatId, m.party, m.type, m.state, m.correlationId, m.proto, m.attempts,
    m.failure?.code ?? null, m.failure?.message ?? null, m.timestamp, m.createdAt, m.sentAt, m.deliveredAt, m.readAt, m.playedAt, m.failedAt,
    m.dueAt, m.expiresAt, m.request, m.retries, m.discardedAt, m.idempotency?.key ?? null, m.idempotency?.requestHash ?? null];
}

/** Where the time of a step is kept; `failedAt` is always written, since a late acknowledgement takes a failure back. */
const TIME_COLUMN: Partial<Record<MessageState, string>> = { sent: 'sentAt', delivered: 'deliveredAt', read: 'readAt', played: 'playedAt' };

/** Moves an outgoing message forward; the unit is refused when `mayAdvance` does not allow the step. */
export function advanceMessage({ instanceId, messageId, to, at, failure }: MessageStep): Statement {
  const time = TIME_COLUMN[to];
  const from = statesBefore(to).map(state => `'${state}'`).join(', ');
  return {
    sql: `UPDATE Message SET state = ?3, failureCode = ?4, failureMessage = ?5, failedAt = ?6${time ? `, ${time} = ?7` : ''}
      WHERE instanceId = ?1 AND messageId = ?2 AND direction = 'out' AND state IN (${from})`,
    params: [instanceId, messageId, to, failure?.code ?? null, failure?.message ?? null, to === 'failed' ? at : null, ...(time ? [at] : [])],
    requireChanges: true,
  };
}

const FORGET_MEMOS = 'DELETE FROM CiphertextMemo WHERE instanceId = ? AND messageId = ?';

/** What WhatsApp has acknowledged is never encrypted again. */
export function forgetMemos(instanceId: string, messageId: string): Statement {
  return { sql: FORGET_MEMOS, params: [instanceId, messageId] };
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
