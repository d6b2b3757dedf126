import type { Outbox } from '../../ports/message-store.js';
import type { Database } from './database.js';
import { MESSAGE_COLUMNS, toMessage } from './message-sql.js';

const place = (state: string) => `SELECT * FROM (SELECT ${MESSAGE_COLUMNS}, seq FROM Message
  WHERE instanceId = ?1 AND state = '${state}' AND dueAt IS NOT NULL ORDER BY dueAt, seq LIMIT ?2)`;
const NEXT = `SELECT ${MESSAGE_COLUMNS} FROM (${place('sending')} UNION ALL ${place('queued')}) ORDER BY dueAt, seq LIMIT ?2`;
const BEGIN = `UPDATE Message SET state = 'sending', party = ?3, chatId = ?4, proto = ?5, timestamp = ?6, attempts = ?7, request = NULL
  WHERE instanceId = ?1 AND messageId = ?2 AND direction = 'out' AND state IN ('queued', 'sending')`;
const DROP_STASH = 'DELETE FROM StashedMedia WHERE instanceId = ? AND messageId = ?';
const PUT_BACK = `UPDATE Message SET state = 'queued', attempts = ?3
  WHERE instanceId = ?1 AND messageId = ?2 AND direction = 'out' AND state IN ('queued', 'sending') AND dueAt IS NOT NULL`;
const CANCEL = `UPDATE Message SET state = 'cancelled', request = NULL WHERE instanceId = ? AND messageId = ? AND direction = 'out' AND state = 'queued'
  AND (proto IS NULL OR (attempts = 0 AND retries = 0))`;
const REQUEUE = `UPDATE Message SET state = 'queued', attempts = 0, retries = retries + 1, failureCode = NULL, failureMessage = NULL, failedAt = NULL,
    dueAt = ?3, expiresAt = ?4
  WHERE instanceId = ?1 AND messageId = ?2 AND direction = 'out' AND state = 'failed' AND discardedAt IS NULL AND (proto IS NOT NULL OR request IS NOT NULL)`;
const DISCARD = `UPDATE Message SET discardedAt = ?3
  WHERE instanceId = ?1 AND messageId = ?2 AND direction = 'out' AND state = 'failed' AND discardedAt IS NULL`;
const DEAD_LETTERS = `SELECT ${MESSAGE_COLUMNS}, seq FROM Message
  WHERE instanceId = ?1 AND state = 'failed' AND seq < ?2 AND discardedAt IS NULL ORDER BY seq DESC LIMIT ?3`;
const EXPIRED = `SELECT ${MESSAGE_COLUMNS} FROM Message WHERE state = 'queued' AND expiresAt <= ?1
  UNION ALL SELECT ${MESSAGE_COLUMNS} FROM Message WHERE state = 'sending' AND expiresAt <= ?1 LIMIT ?2`;
const ENTRIES = `SELECT messageId, dueAt FROM Message WHERE instanceId = ?1 AND state = 'queued' AND dueAt <= ?2 ORDER BY dueAt, seq LIMIT ?3`;
// From instance to instance over the index of what is queued.
const INSTANCES = `WITH RECURSIVE waiting(id) AS (
    SELECT min(instanceId) FROM Message WHERE state = 'queued'
    UNION ALL SELECT (SELECT min(instanceId) FROM Message WHERE state = 'queued' AND instanceId > waiting.id) FROM waiting WHERE waiting.id IS NOT NULL
  ) SELECT id FROM waiting WHERE id IS NOT NULL
  UNION SELECT instanceId FROM Message WHERE state = 'sending' AND dueAt IS NOT NULL`;
const COUNTS = `SELECT
  (SELECT count(*) FROM Message WHERE instanceId = ?1 AND state = 'queued') AS queued,
  (SELECT count(*) FROM Message WHERE instanceId = ?1 AND state = 'sending') AS sending,
  (SELECT count(*) FROM Message WHERE instanceId = ?1 AND state = 'failed' AND discardedAt IS NULL) AS deadLetters`;

/** The outbox in the embedded database. */
export function createSqliteOutbox(database: Database): Outbox {
  const change = async (sql: string, params: (string | number)[]): Promise<boolean> =>
    (await database.write([{ sql, params, requireChanges: true }])).applied;

  return {
    async next(instanceId, limit) {
      return (await database.read(NEXT, [instanceId, limit])).map(toMessage);
    },
    async begin({ instanceId, messageId, party, chatId, proto, timestamp, attempts }) {
      const { applied } = await database.write([
        { sql: BEGIN, params: [instanceId, messageId, party, chatId, proto, timestamp, attempts], requireChanges: true },
        { sql: DROP_STASH, params: [instanceId, messageId] },
      ], { patient: true });
      return applied;
    },
    async putBack(instanceId, messageId, attempts) {
      await database.write([{ sql: PUT_BACK, params: [instanceId, messageId, attempts] }]);
    },
    async cancel(instanceId, messageId) {
      const { applied } = await database.write([
        { sql: CANCEL, params: [instanceId, messageId], requireChanges: true },
        { sql: DROP_STASH, params: [instanceId, messageId] },
      ]);
      return applied;
    },
    requeue: (instanceId, messageId, { dueAt, expiresAt }) => change(REQUEUE, [instanceId, messageId, dueAt, expiresAt]),
    discard: (instanceId, messageId, at) => change(DISCARD, [instanceId, messageId, at]),
    async deadLetters(instanceId, { limit, cursor = Number.MAX_SAFE_INTEGER }) {
      const rows = await database.read(DEAD_LETTERS, [instanceId, cursor, limit + 1]);
      const page = rows.slice(0, limit);
      return { messages: page.map(toMessage), next: rows.length > limit ? (page.at(-1)?.seq as number | undefined) ?? null : null };
    },
    async expired(now, limit) {
      return (await database.read(EXPIRED, [now, limit])).map(toMessage);
    },
    async queued(instanceId, { by, limit }) {
      const rows = await database.read(ENTRIES, [instanceId, by, limit]);
      return rows.map(row => ({ messageId: row.messageId as string, dueAt: row.dueAt as number }));
    },
    async instancesWithQueue() {
      return (await database.read(INSTANCES)).map(row => row.id as string);
    },
    async counts(instanceId) {
      const [row] = await database.read(COUNTS, [instanceId]);
      return { queued: Number(row?.queued ?? 0), sending: Number(row?.sending ?? 0), deadLetters: Number(row?.deadLetters ?? 0) };
    },
  };
}
