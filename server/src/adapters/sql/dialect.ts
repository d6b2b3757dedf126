import type { AuditSql } from './audit-log.js';
import type { BackupSql } from './backup-store.js';
import type { ConnectionHistorySql } from './connection-history.js';
import type { SqlValue } from './database.js';
import type { DeliverySql } from './delivery-store.js';
import type { JournalSql } from './journal.js';
import type { MediaStashSql } from './media-stash.js';
import type { MemoSql } from './memos.js';
import type { MessageSql } from './message-store.js';
import type { OutboxSql } from './outbox.js';
import type { SessionSql } from './session-store.js';
import type { VaultSql } from './vault-sql.js';
import type { StatsSql } from './store-stats.js';

/**
 * The SQL of one kind of database, store by store. Parameters are bound by number, in the order that the comment of each statement names;
 * a list is one parameter, a JSON array.
 */
export interface Dialect {
  sessions: SessionSql;
  backups: BackupSql;
  history: ConnectionHistorySql;
  journal: JournalSql;
  memos: MemoSql;
  messages: MessageSql;
  outbox: OutboxSql;
  deliveries: DeliverySql;
  stash: MediaStashSql;
  audit: AuditSql;
  vault: VaultSql;
  stats: StatsSql;
  /** What statements about the instances that this process owns take after their other parameters (`…owner` in the comments). */
  owner: SqlValue[];
}
