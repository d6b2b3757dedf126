import type { GatewayUseCases } from '../gateway.js';
import type { BackupUseCaseDeps } from './deps.js';
import { noBackup } from './require-backup.js';

export function createDeleteBackup({ find, backups }: Pick<BackupUseCaseDeps, 'find' | 'backups'>): GatewayUseCases['deleteBackup'] {
  return async (instanceId, backupId) => {
    await find(instanceId);
    if (!await backups.remove(instanceId, backupId)) throw noBackup(instanceId, backupId);
  };
}
