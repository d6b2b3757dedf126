import type { GatewayUseCases } from '../gateway.js';
import type { BackupUseCaseDeps } from './deps.js';

/** The backups of an instance, latest first. */
export function createListBackups({ find, backups }: Pick<BackupUseCaseDeps, 'find' | 'backups'>): GatewayUseCases['listBackups'] {
  return async instanceId => {
    await find(instanceId);
    return backups.list(instanceId);
  };
}
