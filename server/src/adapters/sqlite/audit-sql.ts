import { AUDIT_COLUMNS, type AuditSql } from '../sql/audit-log.js';

const COLUMNS = AUDIT_COLUMNS.join(', ');

// A condition that may be switched off keeps SQLite from using an index for it: the one that a list is named after is written out once more.
const list = (condition: string) => `SELECT ${COLUMNS}, seq FROM AuditEntry
  WHERE ${condition}(at, seq) < (?1, ?2) AND at >= ?3
    AND (?5 IS NULL OR (outcome = 'ok') = ?5) AND (?6 IS NULL OR instanceId = ?6) AND (?7 IS NULL OR actorId = ?7) AND (?8 IS NULL OR action = ?8)
    AND (?9 IS NULL OR instanceId IN (SELECT value FROM json_each(?9)))
  ORDER BY at DESC, seq DESC LIMIT ?4`;

export const auditSql: AuditSql = {
  insert: `INSERT INTO AuditEntry (${COLUMNS}) VALUES (${AUDIT_COLUMNS.map((_, index) => `?${index + 1}`).join(', ')})`,
  list: list(''),
  listInstance: list('instanceId = ?6 AND '),
  listActor: list('actorId = ?7 AND '),
  listAction: list('action = ?8 AND '),
  prune: 'DELETE FROM AuditEntry WHERE seq IN (SELECT seq FROM AuditEntry WHERE at < ?1 ORDER BY at LIMIT ?2)',
};
