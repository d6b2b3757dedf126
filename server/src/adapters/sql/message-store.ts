import type { MessageState, StoredMessage } from '../../domain/messages/message.js';
import type { MessageOrigin, MessageStep, MessageStore } from '../../ports/message-store.js';
import type { Database, Statement, WriteOptions } from './database.js';
import { insertDelivery, type DeliverySql } from './delivery-store.js';
import { markJournalDone, type JournalSql } from './journal.js';
import type { MediaStashSql } from './media-stash.js';
import { forgetMemos, type MemoSql } from './memos.js';
import { messageValues, TIME_COLUMN, toMessage } from './message-rows.js';
import { pruneOldest } from './prune-oldest.js';

/** `message` stands for all columns of a message (`MESSAGE_COLUMNS`, `messageValues`). */
export interface MessageSql {
  /** (message) */
  insert: string;
  /** (message, otherChatId, otherParty); writes nothing when it is there already, under the chat's or the sender's other name as well. */
  insertNew: string;
  /** (message); writes nothing when another message holds its idempotency key. */
  insertWithKey: string;
  /** (instanceId, idempotencyKey, keysSince): takes the key from a message made at `keysSince` or before. */
  giveUpKey: string;
  /** (instanceId, idempotencyKey, since) → message */
  findByKey: string;
  /** Moves an outgoing message to `to` where `mayAdvance` allows it: (instanceId, messageId, to, failureCode, failureMessage, failedAt, and the time of the step for states with a `TIME_COLUMN`). */
  advance(to: MessageState): string;
  /** (instanceId, messageId) → message, the outgoing one first */
  find: string;
  /** (instanceId, before this seq, direction or null, limit) → message, seq; newest first */
  list: string;
  /** The same, and last (…, chatId). */
  listChat: string;
  /** (instanceId, messageId, attempts) */
  markAttempt: string;
  /** (instanceId) → message */
  unacknowledged: string;
  /** (instanceId, limit) → message; those in `sending` first */
  unfinished: string;
  /** (after, limit) → seq, state, createdAt, and usedAt, the later of createdAt and dueAt; in order */
  oldest: string;
  /** (seqs) */
  remove: string;
  /** (instanceId, limit) */
  deleteAll: string;
}

interface Sql { messages: MessageSql; deliveries: DeliverySql; journal: JournalSql; memos: MemoSql; stash: MediaStashSql }

/** Messages, and what is written with them. */
export function createMessageStore(database: Database, { messages: sql, deliveries: deliverySql, journal: journalSql, memos: memoSql, stash: stashSql }: Sql): MessageStore {
  async function findByKey(instanceId: string, key: string, since: number): Promise<StoredMessage | null> {
    const [row] = await database.read(sql.findByKey, [instanceId, key, since]);
    return row ? toMessage(row) : null;
  }

  return {
    async insertOutgoing(message, { keysSince = 0, patient = false, epoch } = {}) {
      const { instanceId, idempotency } = message;
      const options = { ...ownWrite(instanceId, epoch), patient };
      if (!idempotency) {
        await database.write([{ sql: sql.insert, params: messageValues(message) }], options);
        return null;
      }
      if ((await database.write(insertKeyed(sql, message, idempotency.key, keysSince), options)).applied) return null;
      return findByKey(instanceId, idempotency.key, keysSince);
    },
    findByKey,
    async recordIncoming(message, deliveries, { journaled = [], epoch, ...names } = {}) {
      const { instanceId } = message;
      const done = journaled.length > 0 ? [markJournalDone(journalSql, instanceId, journaled, message.createdAt)] : [];
      const unit = [insertNew(sql, message, names), ...done, ...deliveries.map(delivery => insertDelivery(deliverySql, delivery))];
      const { applied } = await database.write(unit, ownWrite(instanceId, epoch));
      // A unit that was refused has written nothing.
      if (!applied && done.length > 0) await database.write(done, ownWrite(instanceId, epoch));
      return applied;
    },
    async advance(step, deliveries, patient = false) {
      const { instanceId, messageId, epoch } = step;
      const memos = step.to === 'failed' ? [] : [forgetMemos(memoSql, instanceId, messageId)];
      const unit = [advance(sql, step), ...memos, ...deliveries.map(delivery => insertDelivery(deliverySql, delivery))];
      return (await database.write(unit, { ...ownWrite(instanceId, epoch), patient })).applied;
    },
    async find(instanceId, messageId) {
      const [row] = await database.read(sql.find, [instanceId, messageId]);
      return row ? toMessage(row) : null;
    },
    async list(instanceId, { limit, cursor = Number.MAX_SAFE_INTEGER, direction, chatId }) {
      // One more than asked for tells whether there is a next page.
      const params = [instanceId, cursor, direction ?? null, limit + 1];
      const rows = await (chatId === undefined ? database.read(sql.list, params) : database.read(sql.listChat, [...params, chatId]));
      const page = rows.slice(0, limit);
      return { messages: page.map(toMessage), next: rows.length > limit ? (page.at(-1)?.seq as number | undefined) ?? null : null };
    },
    async markAttempt(tenure, messageId, attempts) {
      const { instanceId } = tenure;
      return (await database.write([{ sql: sql.markAttempt, params: [instanceId, messageId, attempts], requireChanges: true }], { key: instanceId, fence: tenure })).applied;
    },
    async listUnacknowledged(instanceId) {
      return (await database.read(sql.unacknowledged, [instanceId])).map(toMessage);
    },
    prune: (before, limit) => pruneOldest(database, {
      read: sql.oldest,
      remove: sql.remove,
      isOver: ({ usedAt, state }) => (usedAt as number) < before && state !== 'queued' && state !== 'sending',
      isYoung: ({ createdAt }) => (createdAt as number) >= before,
    }, limit),
    async deleteAll(instanceId, limit) {
      const { changes } = await database.write([{ sql: sql.deleteAll, params: [instanceId, limit] }, { sql: stashSql.removeAll, params: [instanceId, limit] }]);
      return (changes[0] ?? 0) + (changes[1] ?? 0);
    },
    async listUnfinished(instanceId, limit) {
      return (await database.read(sql.unfinished, [instanceId, limit])).map(toMessage);
    },
  };
}

/** In the order of the instance's writes; of its owner alone where an epoch is named. */
function ownWrite(instanceId: string, epoch: number | undefined): WriteOptions {
  return { key: instanceId, ...(epoch !== undefined && { fence: { instanceId, epoch } }) };
}

/** Writes an incoming message; the unit is refused when it is there already, under the chat's or the sender's other name as well. */
function insertNew(sql: MessageSql, message: StoredMessage, { otherChatId = null, otherParty = null }: Pick<MessageOrigin, 'otherChatId' | 'otherParty'>): Statement {
  return { sql: sql.insertNew, params: [...messageValues(message), otherChatId, otherParty], requireChanges: true };
}

/** Writes an outgoing message with an idempotency key; the unit is refused when a message made after `keysSince` holds the key. */
function insertKeyed(sql: MessageSql, message: StoredMessage, key: string, keysSince: number): Statement[] {
  return [
    { sql: sql.giveUpKey, params: [message.instanceId, key, keysSince] },
    { sql: sql.insertWithKey, params: messageValues(message), requireChanges: true },
  ];
}

/** Moves an outgoing message forward; the unit is refused when `mayAdvance` does not allow the step. */
function advance(sql: MessageSql, { instanceId, messageId, to, at, failure }: MessageStep): Statement {
  return {
    sql: sql.advance(to),
    params: [instanceId, messageId, to, failure?.code ?? null, failure?.message ?? null, to === 'failed' ? at : null, ...(TIME_COLUMN[to] ? [at] : [])],
    requireChanges: true,
  };
}
