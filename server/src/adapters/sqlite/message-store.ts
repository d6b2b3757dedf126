import type { StoredMessage } from '../../domain/messages/message.js';
import type { MessageStore } from '../../ports/message-store.js';
import type { Database } from './database.js';
import { pruneOldest } from './prune-oldest.js';
import { insertDelivery } from './delivery-sql.js';
import { markJournalDone } from './journal.js';
import { advanceMessage, forgetMemos, insertKeyedMessage, insertMessage, insertNewMessage, MESSAGE_COLUMNS, toMessage } from './message-sql.js';

const FIND = `SELECT ${MESSAGE_COLUMNS} FROM Message WHERE instanceId = ? AND messageId = ? ORDER BY direction DESC LIMIT 1`;
const list = (condition: string) => `SELECT ${MESSAGE_COLUMNS}, seq FROM Message WHERE instanceId = ?1${condition} AND seq < ?2
  AND (?3 IS NULL OR direction = ?3) ORDER BY seq DESC LIMIT ?4`;
const LIST = list('');
const LIST_CHAT = list(' AND chatId = ?5');
const MARK_ATTEMPT = `UPDATE Message SET attempts = ? WHERE instanceId = ? AND messageId = ? AND direction = 'out' AND state = 'sending'`;
const UNACKNOWLEDGED = `SELECT ${MESSAGE_COLUMNS} FROM Message WHERE instanceId = ? AND state = 'sending' AND direction = 'out' AND dueAt IS NULL ORDER BY createdAt, seq`;
const UNFINISHED = `SELECT ${MESSAGE_COLUMNS} FROM (
    SELECT seq, ${MESSAGE_COLUMNS} FROM Message WHERE instanceId = ?1 AND state = 'sending'
    UNION ALL SELECT seq, ${MESSAGE_COLUMNS} FROM Message WHERE instanceId = ?1 AND state = 'queued'
  ) ORDER BY state = 'queued', createdAt, seq LIMIT ?2`;
const OLDEST = 'SELECT seq, state, createdAt, max(createdAt, coalesce(dueAt, createdAt)) AS usedAt FROM Message WHERE seq > ? ORDER BY seq LIMIT ?';
const DELETE = 'DELETE FROM Message WHERE seq IN (SELECT value FROM json_each(?))';
const DELETE_ALL = 'DELETE FROM Message WHERE seq IN (SELECT seq FROM Message WHERE instanceId = ? LIMIT ?)';
const DELETE_STASH = 'DELETE FROM StashedMedia WHERE rowid IN (SELECT rowid FROM StashedMedia WHERE instanceId = ? LIMIT ?)';
const FIND_BY_KEY = `SELECT ${MESSAGE_COLUMNS} FROM Message WHERE instanceId = ? AND idempotencyKey = ? AND createdAt > ?`;

/** Messages in the embedded database. */
export function createSqliteMessageStore(database: Database): MessageStore {
  async function findByKey(instanceId: string, key: string, since: number): Promise<StoredMessage | null> {
    const [row] = await database.read(FIND_BY_KEY, [instanceId, key, since]);
    return row ? toMessage(row) : null;
  }

  return {
    async insertOutgoing(message, keysSince = 0, patient = false) {
      const { instanceId, idempotency } = message;
      if (!idempotency) {
        await database.write([insertMessage(message)], { patient });
        return null;
      }
      if ((await database.write(insertKeyedMessage(message, keysSince), { patient })).applied) return null;
      return findByKey(instanceId, idempotency.key, keysSince);
    },
    findByKey,
    async recordIncoming(message, deliveries, { journaled = [], ...names } = {}) {
      const done = journaled.length > 0 ? [markJournalDone(message.instanceId, journaled, message.createdAt)] : [];
      const { applied } = await database.write([insertNewMessage(message, names), ...done, ...deliveries.map(insertDelivery)]);
      // A unit that was refused has written nothing.
      if (!applied && done.length > 0) await database.write(done);
      return applied;
    },
    async advance(step, deliveries, patient = false) {
      const memos = step.to === 'failed' ? [] : [forgetMemos(step.instanceId, step.messageId)];
      return (await database.write([advanceMessage(step), ...memos, ...deliveries.map(insertDelivery)], { patient })).applied;
    },
    async find(instanceId, messageId) {
      const [row] = await database.read(FIND, [instanceId, messageId]);
      return row ? toMessage(row) : null;
    },
    async list(instanceId, { limit, cursor = Number.MAX_SAFE_INTEGER, direction, chatId }) {
      // One more than asked for tells whether there is a next page.
      const params = [instanceId, cursor, direction ?? null, limit + 1];
      const rows = await (chatId === undefined ? database.read(LIST, params) : database.read(LIST_CHAT, [...params, chatId]));
      const page = rows.slice(0, limit);
      return { messages: page.map(toMessage), next: rows.length > limit ? (page.at(-1)?.seq as number | undefined) ?? null : null };
    },
    async markAttempt(instanceId, messageId, attempts) {
      await database.write([{ sql: MARK_ATTEMPT, params: [attempts, instanceId, messageId] }]);
    },
    async listUnacknowledged(instanceId) {
      return (await database.read(UNACKNOWLEDGED, [instanceId])).map(toMessage);
    },
    prune: (before, limit) => pruneOldest(database, {
      read: OLDEST,
      remove: DELETE,
      isOver: ({ usedAt, state }) => (usedAt as number) < before && state !== 'queued' && state !== 'sending',
      isYoung: ({ createdAt }) => (createdAt as number) >= before,
    }, limit),
    async deleteAll(instanceId, limit) {
      const { changes } = await database.write([{ sql: DELETE_ALL, params: [instanceId, limit] }, { sql: DELETE_STASH, params: [instanceId, limit] }]);
      return (changes[0] ?? 0) + (changes[1] ?? 0);
    },
    async listUnfinished(instanceId, limit) {
      return (await database.read(UNFINISHED, [instanceId, limit])).map(toMessage);
    },
  };
}
