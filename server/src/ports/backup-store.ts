import type { Backup } from '../domain/instances/backup.js';

/**
 * Backups of credentials. They are written, and their content is read, by `SessionStore`, which keeps it as it keeps the credentials themselves; this is
 * what there is, and its end.
 */
export interface BackupStore {
  /** Latest first. */
  list(instanceId: string): Promise<Backup[]>;
  find(instanceId: string, backupId: string): Promise<Backup | null>;
  /** False when there was none. */
  remove(instanceId: string, backupId: string): Promise<boolean>;
  /** Removes up to `limit` backups that were made before that moment; answers how many. */
  prune(before: number, limit: number): Promise<number>;
}
