import type { Dialect } from '../sql/dialect.js';
import { auditSql } from './audit-sql.js';
import { backupSql, connectionHistorySql } from './backup-sql.js';
import { deliveryHistorySql } from './delivery-history-sql.js';
import { deliveryQueueSql } from './delivery-queue-sql.js';
import { journalSql, memoSql } from './journal-sql.js';
import { messageSql } from './message-sql.js';
import { mediaStashSql, outboxSql } from './outbox-sql.js';
import { sessionSql } from './session-sql.js';
import { vaultSql } from './vault-sql.js';
import { statsSql } from './stats-sql.js';

/** The SQL of PostgreSQL, for one of the nodes that share it: it takes care of the instances whose lease is its own. */
export function postgresDialect(nodeId: string): Dialect {
  return {
    sessions: sessionSql,
    backups: backupSql,
    history: connectionHistorySql,
    journal: journalSql,
    memos: memoSql,
    messages: messageSql,
    outbox: outboxSql,
    deliveries: { ...deliveryQueueSql, ...deliveryHistorySql },
    stash: mediaStashSql,
    audit: auditSql,
    vault: vaultSql,
    stats: statsSql,
    owner: [nodeId],
  };
}
