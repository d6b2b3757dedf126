import { DomainError } from '../../domain/errors.js';

export function noBackup(instanceId: string, backupId: string): DomainError {
  return new DomainError('backup_not_found', `The instance "${instanceId}" has no backup "${backupId}".`, {
    hint: 'List them with GET /instances/{id}/backups. They are kept for some days only (RETENTION_BACKUPS_DAYS).',
  });
}
