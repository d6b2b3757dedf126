import { AUDIT_COLUMNS, type AuditSql } from '../sql/audit-log.js';
import { columns, textsOf } from './sql-parts.js';

const COLUMNS = columns(AUDIT_COLUMNS);

const list = (condition: string) => `SELECT ${COLUMNS}, seq FROM "AuditEntry"
  WHERE ${condition}at <= $1 AND (at, seq) < ($1, $2) AND at >= $3
    AND ($5::int IS NULL OR (outcome = 'ok')::int = $5) AND ($6::text IS NULL OR "instanceId" = $6) AND ($7::text IS NULL OR "actorId" = $7)
    AND ($8::text IS NULL OR action = $8) AND ($9::text IS NULL OR "instanceId" = ANY (${textsOf('$9')}))
  ORDER BY at DESC, seq DESC LIMIT $4`;

export const auditSql: AuditSql = {
  insert: `INSERT INTO "AuditEntry" (${COLUMNS}) VALUES (${AUDIT_COLUMNS.map((_, index) => `$${index + 1}`).join(', ')})`,
  list: list(''),
  listInstance: list('"instanceId" = $6 AND '),
  listActor: list('"actorId" = $7 AND '),
  listAction: list('action = $8 AND '),
  prune: 'DELETE FROM "AuditEntry" WHERE seq = ANY (ARRAY(SELECT seq FROM "AuditEntry" WHERE at < $1 ORDER BY at LIMIT $2))',
};
