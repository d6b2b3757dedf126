import type { OutboxSql } from '../sql/outbox.js';
import type { MediaStashSql } from '../sql/media-stash.js';
import { COLUMNS } from './message-sql.js';

const place = (state: string) => `SELECT * FROM (SELECT ${COLUMNS}, seq FROM Message
  WHERE instanceId = ?1 AND state = '${state}' AND dueAt IS NOT NULL ORDER BY dueAt, seq LIMIT ?2)`;

export const outboxSql: OutboxSql = {
  next: `SELECT ${COLUMNS} FROM (${place('sending')} UNION ALL ${place('queued')}) ORDER BY dueAt, seq LIMIT ?2`,
  begin: `UPDATE Message SET state = 'sending', party = ?3, chatId = ?4, proto = ?5, timestamp = ?6, attempts = ?7, request = NULL
    WHERE instanceId = ?1 AND messageId = ?2 AND direction = 'out' AND state IN ('queued', 'sending')`,
  putBack: `UPDATE Message SET state = 'queued', attempts = ?3
    WHERE instanceId = ?1 AND messageId = ?2 AND direction = 'out' AND state IN ('queued', 'sending') AND dueAt IS NOT NULL`,
  cancel: `UPDATE Message SET state = 'cancelled', request = NULL WHERE instanceId = ?1 AND messageId = ?2 AND direction = 'out' AND state = 'queued'
    AND (proto IS NULL OR (attempts = 0 AND retries = 0))`,
  requeue: `UPDATE Message SET state = 'queued', attempts = 0, retries = retries + 1, failureCode = NULL, failureMessage = NULL, failedAt = NULL,
      dueAt = ?3, expiresAt = ?4
    WHERE instanceId = ?1 AND messageId = ?2 AND direction = 'out' AND state = 'failed' AND discardedAt IS NULL AND (proto IS NOT NULL OR request IS NOT NULL)`,
  discard: `UPDATE Message SET discardedAt = ?3
    WHERE instanceId = ?1 AND messageId = ?2 AND direction = 'out' AND state = 'failed' AND discardedAt IS NULL`,
  deadLetters: `SELECT ${COLUMNS}, seq FROM Message
    WHERE instanceId = ?1 AND state = 'failed' AND seq < ?2 AND discardedAt IS NULL ORDER BY seq DESC LIMIT ?3`,
  expired: `SELECT ${COLUMNS} FROM Message WHERE state = 'queued' AND expiresAt <= ?1
    UNION ALL SELECT ${COLUMNS} FROM Message WHERE state = 'sending' AND expiresAt <= ?1 LIMIT ?2`,
  entries: `SELECT messageId, dueAt FROM Message WHERE instanceId = ?1 AND state = 'queued' AND dueAt <= ?2 ORDER BY dueAt, seq LIMIT ?3`,
  // From instance to instance over the index of what is queued.
  instances: `WITH RECURSIVE waiting(id) AS (
      SELECT min(instanceId) FROM Message WHERE state = 'queued'
      UNION ALL SELECT (SELECT min(instanceId) FROM Message WHERE state = 'queued' AND instanceId > waiting.id) FROM waiting WHERE waiting.id IS NOT NULL
    ) SELECT id FROM waiting WHERE id IS NOT NULL
    UNION SELECT instanceId FROM Message WHERE state = 'sending' AND dueAt IS NOT NULL`,
  counts: `SELECT
    (SELECT count(*) FROM Message WHERE instanceId = ?1 AND state = 'queued') AS queued,
    (SELECT count(*) FROM Message WHERE instanceId = ?1 AND state = 'sending') AS sending,
    (SELECT count(*) FROM Message WHERE instanceId = ?1 AND state = 'failed' AND discardedAt IS NULL) AS deadLetters`,
};

export const mediaStashSql: MediaStashSql = {
  put: 'INSERT INTO StashedMedia (instanceId, messageId, part, bytes, createdAt) VALUES (?1, ?2, ?3, ?4, ?5)',
  read: 'SELECT bytes FROM StashedMedia WHERE instanceId = ?1 AND messageId = ?2 AND part = ?3',
  remove: 'DELETE FROM StashedMedia WHERE instanceId = ?1 AND messageId = ?2',
  removeAll: 'DELETE FROM StashedMedia WHERE rowid IN (SELECT rowid FROM StashedMedia WHERE instanceId = ?1 LIMIT ?2)',
  prune: `DELETE FROM StashedMedia WHERE rowid IN (
    SELECT s.rowid FROM StashedMedia s WHERE s.createdAt < ?1 AND NOT EXISTS (
      SELECT 1 FROM Message m WHERE m.instanceId = s.instanceId AND m.messageId = s.messageId AND m.direction = 'out'
        AND (m.state = 'queued' OR m.state = 'sending' OR (m.state = 'failed' AND m.discardedAt IS NULL))
    ) LIMIT ?2)`,
};
