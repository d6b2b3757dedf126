import type { Outbox } from '../../ports/message-store.js';
import type { Database, SqlValue } from './database.js';
import { dropStash, type MediaStashSql } from './media-stash.js';
import { toMessage } from './message-rows.js';

/** `message` stands for all columns of a message (`MESSAGE_COLUMNS`). */
export interface OutboxSql {
  /** (instanceId, limit) → message, by place in the queue */
  next: string;
  /** (instanceId, messageId, party, chatId, proto, timestamp, attempts) */
  begin: string;
  /** (instanceId, messageId, attempts) */
  putBack: string;
  /** (instanceId, messageId) */
  cancel: string;
  /** (instanceId, messageId, dueAt, expiresAt) */
  requeue: string;
  /** (instanceId, messageId, at) */
  discard: string;
  /** (instanceId, before this seq, limit) → message, seq; newest first */
  deadLetters: string;
  /** (now, limit, …owner) → message */
  expired: string;
  /** (instanceId, by, limit) → messageId, dueAt */
  entries: string;
  /** (…owner) → id */
  instances: string;
  /** (instanceId) → queued, sending, deadLetters */
  counts: string;
}

/** The outbox: the messages table as a queue. */
export function createOutbox(database: Database, { outbox: sql, stash: stashSql, owner }: { outbox: OutboxSql; stash: MediaStashSql; owner: SqlValue[] }): Outbox {
  const change = async (instanceId: string, text: string, params: SqlValue[]): Promise<boolean> =>
    (await database.write([{ sql: text, params, requireChanges: true }], { key: instanceId })).applied;

  return {
    async next(instanceId, limit) {
      return (await database.read(sql.next, [instanceId, limit])).map(toMessage);
    },
    async begin({ instanceId, messageId, party, chatId, proto, timestamp, attempts, epoch }) {
      const { applied } = await database.write([
        { sql: sql.begin, params: [instanceId, messageId, party, chatId, proto, timestamp, attempts], requireChanges: true },
        dropStash(stashSql, instanceId, messageId),
      ], { key: instanceId, fence: { instanceId, epoch }, patient: true });
      return applied;
    },
    async putBack(tenure, messageId, attempts) {
      const { instanceId } = tenure;
      await database.write([{ sql: sql.putBack, params: [instanceId, messageId, attempts] }], { key: instanceId, fence: tenure });
    },
    async cancel(instanceId, messageId) {
      const { applied } = await database.write([
        { sql: sql.cancel, params: [instanceId, messageId], requireChanges: true },
        dropStash(stashSql, instanceId, messageId),
      ], { key: instanceId });
      return applied;
    },
    requeue: (instanceId, messageId, { dueAt, expiresAt }) => change(instanceId, sql.requeue, [instanceId, messageId, dueAt, expiresAt]),
    discard: (instanceId, messageId, at) => change(instanceId, sql.discard, [instanceId, messageId, at]),
    async deadLetters(instanceId, { limit, cursor = Number.MAX_SAFE_INTEGER }) {
      const rows = await database.read(sql.deadLetters, [instanceId, cursor, limit + 1]);
      const page = rows.slice(0, limit);
      return { messages: page.map(toMessage), next: rows.length > limit ? (page.at(-1)?.seq as number | undefined) ?? null : null };
    },
    async expired(now, limit) {
      return (await database.read(sql.expired, [now, limit, ...owner])).map(toMessage);
    },
    async queued(instanceId, { by, limit }) {
      const rows = await database.read(sql.entries, [instanceId, by, limit]);
      return rows.map(row => ({ messageId: row.messageId as string, dueAt: row.dueAt as number }));
    },
    async instancesWithQueue() {
      return (await database.read(sql.instances, owner)).map(row => row.id as string);
    },
    async counts(instanceId) {
      const [row] = await database.read(sql.counts, [instanceId]);
      return { queued: Number(row?.queued ?? 0), sending: Number(row?.sending ?? 0), deadLetters: Number(row?.deadLetters ?? 0) };
    },
  };
}
