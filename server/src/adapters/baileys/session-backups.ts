import type { AuthenticationCreds } from '@whiskeysockets/baileys';
import { DomainError } from '../../domain/errors.js';
import type { Backup, BackupCause, NewBackup } from '../../domain/instances/backup.js';
import type { Tenure } from '../../domain/instances/tenure.js';
import type { Clock, Random } from '../../ports/clock.js';
import type { SessionStore } from '../../ports/session-store.js';
import { isPaired } from './auth-state.js';
import { decodeCredentials, encodeValue } from './codec.js';
import { deviceOf, phoneNumberOf, withNewPreKeys } from './identity.js';

export interface SessionBackupParts {
  sessions: Pick<SessionStore, 'readCredentials' | 'backUp' | 'readBackup' | 'replace'>;
  clock: Pick<Clock, 'now'>;
  random: Random;
}

/** What backups have to know of credentials. */
export function createSessionBackups({ sessions, clock, random }: SessionBackupParts) {
  async function goodCredentials(instanceId: string): Promise<AuthenticationCreds | null> {
    const stored = await sessions.readCredentials(instanceId);
    const creds = stored && decodeCredentials(stored);
    return creds && isPaired(creds) ? creds : null;
  }

  /** For credentials that are about to be deleted; nothing for half-made ones, which nobody misses. */
  function describe(creds: AuthenticationCreds, cause: BackupCause, unlinked = false): NewBackup | undefined {
    if (!isPaired(creds)) return undefined;
    const now = clock.now();
    return { id: random.uuid(), createdAt: now, cause, phoneNumber: phoneNumberOf(creds), device: deviceOf(creds), endedAt: unlinked ? now : null };
  }

  return {
    describe,
    /** @throws DomainError `no_session` */
    async backUp(tenure: Tenure): Promise<Backup> {
      const { instanceId } = tenure;
      const creds = await goodCredentials(instanceId);
      const backup = creds && describe(creds, 'manual');
      if (!backup || !await sessions.backUp(tenure, backup)) {
        throw new DomainError('no_session', `The instance "${instanceId}" has no session that could be kept.`, { hint: 'Connect it and scan the QR code first.' });
      }
      return { ...backup, instanceId };
    },
    /** @throws DomainError `backup_not_restorable` */
    async restore(tenure: Tenure, backupId: string): Promise<void> {
      const { instanceId } = tenure;
      const kept = await sessions.readBackup(instanceId, backupId);
      const creds = kept && decodeCredentials(kept);
      if (!creds || !isPaired(creds)) {
        throw new DomainError('backup_not_restorable', 'There are no usable credentials in this backup.', { hint: 'Try another one, or connect and scan a QR code.' });
      }
      const present = await goodCredentials(instanceId);
      await sessions.replace(tenure, encodeValue(withNewPreKeys(creds, random)), present ? describe(present, 'restore') : undefined);
    },
  };
}
