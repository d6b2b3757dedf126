import type { AuditLog } from '../../ports/audit-log.js';
import type { BackupStore } from '../../ports/backup-store.js';
import type { ConnectionHistory } from '../../ports/connection-history.js';
import type { CiphertextMemos, ReceiveJournal } from '../../ports/journal.js';
import type { MediaStash } from '../../ports/media-stash.js';
import type { DeliveryStore, MessageStore, Outbox } from '../../ports/message-store.js';
import type { SessionStore } from '../../ports/session-store.js';
import { createAuditLog } from './audit-log.js';
import { createBackupStore } from './backup-store.js';
import { createConnectionHistory } from './connection-history.js';
import type { StoreStats } from '../../ports/store-stats.js';
import type { Database } from './database.js';
import { createDeliveryStore } from './delivery-store.js';
import type { Dialect } from './dialect.js';
import { createJournal } from './journal.js';
import { createMediaStash } from './media-stash.js';
import { createMemos } from './memos.js';
import { createMessageStore } from './message-store.js';
import { createOutbox } from './outbox.js';
import { createSessionStore } from './session-store.js';
import { createStoreStats } from './store-stats.js';

/** The path that every message takes, on plain SQL. */
export interface SqlStores {
  sessions: SessionStore;
  backups: BackupStore;
  history: ConnectionHistory;
  journal: ReceiveJournal;
  memos: CiphertextMemos;
  messages: MessageStore;
  outbox: Outbox;
  stash: MediaStash;
  deliveries: DeliveryStore;
  audit: AuditLog;
  stats: StoreStats;
}

/** Opens and closes nothing: the database is started and stopped by whoever made it. */
export function createSqlStores(database: Database, dialect: Dialect): SqlStores {
  return {
    sessions: createSessionStore(database, dialect),
    backups: createBackupStore(database, dialect),
    history: createConnectionHistory(database, dialect),
    journal: createJournal(database, dialect),
    memos: createMemos(database, dialect),
    messages: createMessageStore(database, dialect),
    outbox: createOutbox(database, dialect),
    stash: createMediaStash(database, dialect),
    deliveries: createDeliveryStore(database, dialect),
    audit: createAuditLog(database, dialect),
    stats: createStoreStats(database, dialect),
  };
}
