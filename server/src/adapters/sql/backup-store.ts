import type { Backup, BackupCause, NewBackup } from '../../domain/instances/backup.js';
import type { BackupStore } from '../../ports/backup-store.js';
import type { Database, Row, Statement } from './database.js';

export interface BackupSql {
  /** Copies the instance's credentials, if there are any: (id, instanceId, createdAt, cause, phoneNumber, device, endedAt). */
  copy: string;
  /** (instanceId, device, endedAt): of all backups of that device that do not say so yet. */
  end: string;
  /** (instanceId) → id, instanceId, createdAt, cause, phoneNumber, device, endedAt; latest first */
  list: string;
  /** (instanceId, id) → the same */
  find: string;
  /** (instanceId, id) → value */
  readValue: string;
  /** (instanceId, id) */
  remove: string;
  /** (before, limit) */
  prune: string;
  /** (instanceId) */
  deleteAll: string;
}

/** What is kept of sessions that were deleted. */
export function createBackupStore(database: Database, { backups: sql }: { backups: BackupSql }): BackupStore {
  return {
    async list(instanceId) {
      return (await database.read(sql.list, [instanceId])).map(toBackup);
    },
    async find(instanceId, backupId) {
      const [row] = await database.read(sql.find, [instanceId, backupId]);
      return row ? toBackup(row) : null;
    },
    async remove(instanceId, backupId) {
      return (await database.write([{ sql: sql.remove, params: [instanceId, backupId] }], { key: instanceId })).changes[0] === 1;
    },
    async prune(before, limit) {
      return (await database.write([{ sql: sql.prune, params: [before, limit] }])).changes[0] ?? 0;
    },
  };
}

/** Keeps the credentials as they are in the store at this moment, and ends all backups of a device that was unlinked. */
export function copyCredentials(sql: BackupSql, instanceId: string, { id, createdAt, cause, phoneNumber, device, endedAt }: NewBackup): Statement[] {
  const copy = { sql: sql.copy, params: [id, instanceId, createdAt, cause, phoneNumber, device, endedAt] };
  return endedAt === null ? [copy] : [copy, { sql: sql.end, params: [instanceId, device, endedAt] }];
}

function toBackup(row: Row): Backup {
  return {
    id: row.id as string,
    instanceId: row.instanceId as string,
    createdAt: row.createdAt as number,
    cause: row.cause as BackupCause,
    phoneNumber: row.phoneNumber as string | null,
    device: row.device as string,
    endedAt: row.endedAt as number | null,
  };
}
