import type { MessageStore } from '../../ports/message-store.js';
import type { Database } from './database.js';
import { insertDelivery } from './delivery-sql.js';
import { advanceMessage, insertMessage, MESSAGE_COLUMNS, toMessage } from './message-sql.js';

const FIND = `SELECT ${MESSAGE_COLUMNS} FROM Message WHERE instanceId = ? AND messageId = ? ORDER BY direction DESC LIMIT 1`;
const LIST = `SELECT ${MESSAGE_COLUMNS} FROM Message WHERE instanceId = ?1 AND createdAt < ?2
  AND (?3 IS NULL OR direction = ?3) AND (?4 IS NULL OR chatId = ?4) ORDER BY createdAt DESC, seq DESC LIMIT ?5`;
const MARK_ATTEMPT = `UPDATE Message SET attempts = ? WHERE instanceId = ? AND messageId = ? AND direction = 'out' AND state = 'sending'`;
const UNACKNOWLEDGED = `SELECT ${MESSAGE_COLUMNS} FROM Message WHERE instanceId = ? AND state = 'sending' AND direction = 'out' ORDER BY createdAt, seq`;

/** Messages in the embedded database. */
export function createSqliteMessageStore(database: Database): MessageStore {
  return {
    async insertOutgoing(message) {
      await database.write([insertMessage(message, { onlyNew: false })]);
    },
    async recordIncoming(message, deliveries) {
      return (await database.write([insertMessage(message, { onlyNew: true }), ...deliveries.map(insertDelivery)])).applied;
    },
    async advance(step, deliveries) {
      return (await database.write([advanceMessage(step), ...deliveries.map(insertDelivery)])).applied;
    },
    async find(instanceId, messageId) {
      const [row] = await database.read(FIND, [instanceId, messageId]);
      return row ? toMessage(row) : null;
    },
    async list(instanceId, { limit, before = Number.MAX_SAFE_INTEGER, direction, chatId }) {
      return (await database.read(LIST, [instanceId, before, direction ?? null, chatId ?? null, limit])).map(toMessage);
    },
    async markAttempt(instanceId, messageId, attempts) {
      await database.write([{ sql: MARK_ATTEMPT, params: [attempts, instanceId, messageId] }]);
    },
    async listUnacknowledged(instanceId) {
      return (await database.read(UNACKNOWLEDGED, [instanceId])).map(toMessage);
    },
  };
}
