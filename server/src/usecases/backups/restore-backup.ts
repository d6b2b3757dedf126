import { DomainError } from '../../domain/errors.js';
import type { Backup } from '../../domain/instances/backup.js';
import type { Instance } from '../../domain/instances/instance.js';
import type { GatewayUseCases } from '../gateway.js';
import type { Session } from '../sessions/session.js';
import type { BackupUseCaseDeps } from './deps.js';
import { noBackup } from './require-backup.js';

/**
 * Puts the identity in a backup in the place of an instance's session. The instance is not connected by this; a session that was there is kept as
 * a backup.
 */
export function createRestoreBackup({ find, view, backups, sessions, client, receive, turns }: BackupUseCaseDeps): GatewayUseCases['restoreBackup'] {
  return (instanceId, backupId) => turns.run([instanceId], async () => {
    const row = await find(instanceId);
    const session = sessions.of(row);
    await session.effectsDone();
    const backup = await backups.find(instanceId, backupId);
    if (!backup) throw noBackup(instanceId, backupId);
    checkBackup(backup, row);
    checkSession(session);
    await client.restoreSession(session.tenure, backupId, message => receive(session.tenure, message));
    await session.dispatch({ type: 'restored' });
    await sessions.settled(instanceId);
    return view.one(await find(instanceId));
  });
}

function checkBackup({ endedAt, phoneNumber }: Backup, row: Instance): void {
  if (endedAt !== null) {
    throw new DomainError('backup_not_restorable', `The device in this backup was unlinked from its account at ${new Date(endedAt).toISOString()}; WhatsApp does not let it in any more.`, {
      hint: 'Connect the instance and scan a QR code.', details: { reason: 'unlinked' },
    });
  }
  if (row.phoneNumber !== null && phoneNumber !== null && row.phoneNumber !== phoneNumber) {
    throw new DomainError('backup_not_restorable', 'This backup is of another account than the one that the instance was linked to last.', {
      hint: 'Its messages and webhooks belong to the account of today. Choose a backup of that one.', details: { reason: 'other_account' },
    });
  }
}

function checkSession(session: Session): void {
  const { status } = session.view().connection;
  if (status === 'DISCONNECTED' || status === 'LOGGED_OUT') return;
  throw new DomainError('backup_not_restorable', `The instance is ${status}: its session is in use.`, {
    hint: 'Disconnect it first: POST /instances/{id}/disconnect.', details: { reason: 'in_use', instanceStatus: status },
  });
}
