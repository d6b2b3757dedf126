import type { Tenure } from '../../domain/instances/tenure.js';
import type { BackupStore } from '../../ports/backup-store.js';
import type { KeyedLock } from '../../ports/keyed-lock.js';
import type { IncomingMessage, WhatsAppClient } from '../../ports/whatsapp-client.js';
import type { InstanceLookup } from '../instances/find-instance.js';
import type { InstanceViewer } from '../instances/view-instance.js';
import type { SessionManager } from '../sessions/session-manager.js';

/** What the use cases of backups are made of; each takes what it needs of it. */
export interface BackupUseCaseDeps {
  find: InstanceLookup;
  view: InstanceViewer;
  backups: Pick<BackupStore, 'list' | 'find' | 'remove'>;
  sessions: Pick<SessionManager, 'of' | 'settled'>;
  client: Pick<WhatsAppClient, 'backUpSession' | 'restoreSession'>;
  /** Stores an incoming message and what it sets off. */
  receive: (tenure: Tenure, message: IncomingMessage) => Promise<void>;
  /** Verbs that begin or end the connection of one instance take turns, by its id. */
  turns: KeyedLock;
}
