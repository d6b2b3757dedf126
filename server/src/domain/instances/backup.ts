/** Why a backup was made: on request, or what was about to delete the credentials. */
export const BACKUP_CAUSES = ['manual', 'logout', 'logged_out', 'force_cleanup', 'restore'] as const;
export type BackupCause = (typeof BACKUP_CAUSES)[number];

/** A copy of an instance's good credentials, without the credentials. Times are epoch milliseconds. */
export interface Backup {
  id: string;
  instanceId: string;
  createdAt: number;
  cause: BackupCause;
  /** The account that they log in to, digits only. */
  phoneNumber: string | null;
  /** Which linked device they are: made anew by each pairing, and the same in all its backups. */
  device: string;
  /** When that device was unlinked: they log in to nothing since. */
  endedAt: number | null;
}

export type NewBackup = Omit<Backup, 'instanceId'>;

/** What deletes credentials: by whose word, and whether WhatsApp has unlinked the device. */
export interface SessionEnd {
  cause: Extract<BackupCause, 'logout' | 'logged_out' | 'force_cleanup'>;
  unlinked: boolean;
}
