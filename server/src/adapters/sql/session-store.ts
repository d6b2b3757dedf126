import type { NewBackup } from '../../domain/instances/backup.js';
import type { Tenure } from '../../domain/instances/tenure.js';
import type { KeyChange, SessionStore } from '../../ports/session-store.js';
import { copyCredentials, type BackupSql } from './backup-store.js';
import { listParam } from './bind-values.js';
import type { Database, Statement } from './database.js';
import { insertJournalEntry, purgeJournal, type JournalSql } from './journal.js';
import { dropMemos, putMemo, type MemoSql } from './memos.js';

export interface SessionSql {
  /** (instanceId) → value */
  readCredentials: string;
  /** (instanceId, type, ids) → id, value */
  readKeys: string;
  /** (instanceId, value) */
  putCredentials: string;
  /** What puts and deletes these keys, each of which is named once. */
  changeKeys(instanceId: string, changes: KeyChange[]): Statement[];
  /** (instanceId) */
  deleteCredentials: string;
  /** (instanceId) */
  deleteKeys: string;
  /** → instanceId, in order */
  listSessions: string;
}

interface Sql { sessions: SessionSql; backups: BackupSql; journal: JournalSql; memos: MemoSql }

/** Sessions: credentials and keys, and what is written with a step of the ratchet. */
export function createSessionStore(database: Database, { sessions: sql, backups: backupSql, journal: journalSql, memos: memoSql }: Sql): SessionStore {
  async function remove(tenure: Tenure, backup: NewBackup | undefined, credentials?: Uint8Array): Promise<void> {
    const { instanceId } = tenure;
    await database.write([
      ...(backup ? copyCredentials(backupSql, instanceId, backup) : []),
      { sql: sql.deleteCredentials, params: [instanceId] },
      { sql: sql.deleteKeys, params: [instanceId] },
      dropMemos(memoSql, instanceId),
      ...(credentials ? [{ sql: sql.putCredentials, params: [instanceId, credentials] }] : []),
    ], { key: instanceId, fence: tenure });
  }

  return {
    async readCredentials(instanceId) {
      const [row] = await database.read(sql.readCredentials, [instanceId]);
      return row ? (row.value as Uint8Array) : null;
    },
    async readKeys(instanceId, type, ids) {
      if (ids.length === 0) return new Map();
      const rows = await database.read(sql.readKeys, [instanceId, type, listParam(ids)]);
      return new Map(rows.map(row => [row.id as string, row.value as Uint8Array]));
    },
    async commit(tenure, { credentials, keys = [], journal = [], memos = [] }) {
      const { instanceId } = tenure;
      const unit: Statement[] = [
        ...keys.length > 0 ? sql.changeKeys(instanceId, lastChanges(keys)) : [],
        ...journal.map(entry => insertJournalEntry(journalSql, instanceId, entry)),
        ...memos.map(memo => putMemo(memoSql, instanceId, memo)),
      ];
      if (credentials) unit.push({ sql: sql.putCredentials, params: [instanceId, credentials] });
      if (unit.length > 0) await database.write(unit, { key: instanceId, fence: tenure });
    },
    wipe: remove,
    replace: (tenure, credentials, backup) => remove(tenure, backup, credentials),
    async backUp(tenure, backup) {
      const { instanceId } = tenure;
      return (await database.write(copyCredentials(backupSql, instanceId, backup), { key: instanceId, fence: tenure })).changes[0] === 1;
    },
    async readBackup(instanceId, backupId) {
      const [row] = await database.read(backupSql.readValue, [instanceId, backupId]);
      return row ? (row.value as Uint8Array) : null;
    },
    async purge(tenure) {
      await remove(tenure, undefined);
      await database.write([{ sql: backupSql.deleteAll, params: [tenure.instanceId] }], { key: tenure.instanceId, fence: tenure });
      await purgeJournal(database, journalSql, tenure);
    },
    async listSessions() {
      const rows = await database.read(sql.listSessions);
      return rows.map(row => row.instanceId as string);
    },
  };
}

/** Of several changes of one key, the last. */
function lastChanges(changes: KeyChange[]): KeyChange[] {
  return [...new Map(changes.map(change => [JSON.stringify([change.type, change.id]), change])).values()];
}
