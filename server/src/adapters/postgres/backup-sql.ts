import type { BackupSql } from '../sql/backup-store.js';
import type { ConnectionHistorySql } from '../sql/connection-history.js';

const SHOWN = 'id, "instanceId", "createdAt", cause, "phoneNumber", device, "endedAt"';

export const backupSql: BackupSql = {
  copy: `INSERT INTO "Backup" (id, "instanceId", "createdAt", cause, "phoneNumber", device, "endedAt", value)
    SELECT $1, "instanceId", $3::bigint, $4, $5::text, $6, $7::bigint, value FROM "SessionCredentials" WHERE "instanceId" = $2`,
  end: 'UPDATE "Backup" SET "endedAt" = $3 WHERE "instanceId" = $1 AND device = $2 AND "endedAt" IS NULL',
  list: `SELECT ${SHOWN} FROM "Backup" WHERE "instanceId" = $1 ORDER BY "createdAt" DESC, id DESC`,
  find: `SELECT ${SHOWN} FROM "Backup" WHERE "instanceId" = $1 AND id = $2`,
  readValue: 'SELECT value FROM "Backup" WHERE "instanceId" = $1 AND id = $2',
  remove: 'DELETE FROM "Backup" WHERE "instanceId" = $1 AND id = $2',
  prune: 'DELETE FROM "Backup" WHERE ctid = ANY (ARRAY(SELECT ctid FROM "Backup" WHERE "createdAt" < $1 LIMIT $2))',
  deleteAll: 'DELETE FROM "Backup" WHERE "instanceId" = $1',
};

export const connectionHistorySql: ConnectionHistorySql = {
  append: `INSERT INTO "ConnectionRecord" ("instanceId", at, status, reason) SELECT $1, $2::bigint, $3, $4
    WHERE NOT EXISTS (SELECT 1 FROM "ConnectionRecord" WHERE at = $2::bigint AND "instanceId" = $1 AND status = $3 AND reason = $4)`,
  list: 'SELECT seq, at, status, reason FROM "ConnectionRecord" WHERE "instanceId" = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3',
  prune: 'DELETE FROM "ConnectionRecord" WHERE seq = ANY (ARRAY(SELECT seq FROM "ConnectionRecord" WHERE at < $1 LIMIT $2))',
  deleteAll: 'DELETE FROM "ConnectionRecord" WHERE seq = ANY (ARRAY(SELECT seq FROM "ConnectionRecord" WHERE "instanceId" = $1 LIMIT $2))',
};
