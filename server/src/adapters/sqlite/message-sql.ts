import { statesBefore, type MessageState } from '../../domain/messages/message.js';
import { MESSAGE_COLUMNS, TIME_COLUMN } from '../sql/message-rows.js';
import type { MessageSql } from '../sql/message-store.js';

export const COLUMNS = MESSAGE_COLUMNS.join(', ');
const VALUES = MESSAGE_COLUMNS.map((_, index) => `?${index + 1}`).join(', ');
const AFTER_MESSAGE = MESSAGE_COLUMNS.length + 1;
const INSERT = `INSERT INTO Message (${COLUMNS}) VALUES (${VALUES})`;

const list = (condition: string) => `SELECT ${COLUMNS}, seq FROM Message WHERE instanceId = ?1${condition} AND seq < ?2
  AND (?3 IS NULL OR direction = ?3) ORDER BY seq DESC LIMIT ?4`;

export const messageSql: MessageSql = {
  insert: INSERT,
  insertNew: `INSERT INTO Message (${COLUMNS}) SELECT ${VALUES}
    WHERE NOT EXISTS (SELECT 1 FROM Message WHERE instanceId = ?1 AND messageId = ?2 AND direction = ?3
      AND (chatId = ?${AFTER_MESSAGE} OR chatId = ?4 AND party = ?${AFTER_MESSAGE + 1}))
    ON CONFLICT (instanceId, chatId, direction, messageId, party) DO NOTHING`,
  insertWithKey: `${INSERT} ON CONFLICT (instanceId, idempotencyKey) WHERE idempotencyKey IS NOT NULL DO NOTHING`,
  giveUpKey: 'UPDATE Message SET idempotencyKey = NULL WHERE instanceId = ?1 AND idempotencyKey = ?2 AND createdAt <= ?3',
  findByKey: `SELECT ${COLUMNS} FROM Message WHERE instanceId = ?1 AND idempotencyKey = ?2 AND createdAt > ?3`,
  advance,
  find: `SELECT ${COLUMNS} FROM Message WHERE instanceId = ?1 AND messageId = ?2 ORDER BY direction DESC LIMIT 1`,
  list: list(''),
  listChat: list(' AND chatId = ?5'),
  markAttempt: `UPDATE Message SET attempts = ?3 WHERE instanceId = ?1 AND messageId = ?2 AND direction = 'out' AND state = 'sending'`,
  unacknowledged: `SELECT ${COLUMNS} FROM Message WHERE instanceId = ?1 AND state = 'sending' AND direction = 'out' AND dueAt IS NULL ORDER BY createdAt, seq`,
  unfinished: `SELECT ${COLUMNS} FROM (
      SELECT seq, ${COLUMNS} FROM Message WHERE instanceId = ?1 AND state = 'sending'
      UNION ALL SELECT seq, ${COLUMNS} FROM Message WHERE instanceId = ?1 AND state = 'queued'
    ) ORDER BY state = 'queued', createdAt, seq LIMIT ?2`,
  oldest: 'SELECT seq, state, createdAt, max(createdAt, coalesce(dueAt, createdAt)) AS usedAt FROM Message WHERE seq > ?1 ORDER BY seq LIMIT ?2',
  remove: 'DELETE FROM Message WHERE seq IN (SELECT value FROM json_each(?1))',
  deleteAll: 'DELETE FROM Message WHERE seq IN (SELECT seq FROM Message WHERE instanceId = ?1 LIMIT ?2)',
};

function advance(to: MessageState): string {
  const time = TIME_COLUMN[to];
  const from = statesBefore(to).map(state => `'${state}'`).join(', ');
  return `UPDATE Message SET state = ?3, failureCode = ?4, failureMessage = ?5, failedAt = ?6${time ? `, ${time} = ?7` : ''}
    WHERE instanceId = ?1 AND messageId = ?2 AND direction = 'out' AND state IN (${from})`;
}
