import type { GatewayUseCases } from '../gateway.js';
import { createCreateBackup } from './create-backup.js';
import { createDeleteBackup } from './delete-backup.js';
import type { BackupUseCaseDeps } from './deps.js';
import { createListBackups } from './list-backups.js';
import { createRestoreBackup } from './restore-backup.js';

export type BackupUseCases = Pick<GatewayUseCases, 'createBackup' | 'listBackups' | 'deleteBackup' | 'restoreBackup'>;

/** All verbs of backups, for the composition root. */
export function createBackupUseCases(deps: BackupUseCaseDeps): BackupUseCases {
  return {
    createBackup: createCreateBackup(deps),
    listBackups: createListBackups(deps),
    deleteBackup: createDeleteBackup(deps),
    restoreBackup: createRestoreBackup(deps),
  };
}
