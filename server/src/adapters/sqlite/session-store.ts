import type { KeyChange, SessionStore } from '../../ports/session-store.js';
import type { Statement } from './database-protocol.js';
import type { Database } from './database.js';
import { insertJournalEntry, purgeJournal } from './journal.js';
import { dropMemos, insertMemo } from './memos.js';

const READ_CREDENTIALS = 'SELECT value FROM SessionCredentials WHERE instanceId = ?';
const READ_KEYS = 'SELECT id, value FROM SignalKey WHERE instanceId = ? AND type = ? AND id IN (SELECT value FROM json_each(?))';
const PUT_CREDENTIALS = `INSERT INTO SessionCredentials (instanceId, value) VALUES (?, ?)
  ON CONFLICT (instanceId) DO UPDATE SET value = excluded.value`;
const PUT_KEY = `INSERT INTO SignalKey (instanceId, type, id, value) VALUES (?, ?, ?, ?)
  ON CONFLICT (instanceId, type, id) DO UPDATE SET value = excluded.value`;
const DELETE_KEY = 'DELETE FROM SignalKey WHERE instanceId = ? AND type = ? AND id = ?';
const DELETE_CREDENTIALS = 'DELETE FROM SessionCredentials WHERE instanceId = ?';
const DELETE_KEYS = 'DELETE FROM SignalKey WHERE instanceId = ?';
const LIST_SESSIONS = 'SELECT instanceId FROM SessionCredentials ORDER BY instanceId';

/** Sessions in the embedded database. */
export function createSqliteSessionStore(database: Database): SessionStore {
  async function wipe(instanceId: string): Promise<void> {
    await database.write([
      { sql: DELETE_CREDENTIALS, params: [instanceId] },
      { sql: DELETE_KEYS, params: [instanceId] },
      dropMemos(instanceId),
    ]);
  }

  return {
    async readCredentials(instanceId) {
      const [row] = await database.read(READ_CREDENTIALS, [instanceId]);
      return row ? (row.value as Uint8Array) : null;
    },
    async readKeys(instanceId, type, ids) {
      if (ids.length === 0) return new Map();
      const rows = await database.read(READ_KEYS, [instanceId, type, JSON.stringify(ids)]);
      return new Map(rows.map(row => [row.id as string, row.value as Uint8Array]));
    },
    async commit(instanceId, { credentials, keys = [], journal = [], memos = [] }) {
      const unit: Statement[] = [
        ...keys.map(change => keyStatement(instanceId, change)),
        ...journal.map(entry => insertJournalEntry(instanceId, entry)),
        ...memos.map(memo => insertMemo(instanceId, memo)),
      ];
      if (credentials) unit.push({ sql: PUT_CREDENTIALS, params: [instanceId, credentials] });
      if (unit.length > 0) await database.write(unit);
    },
    wipe,
    async purge(instanceId) {
      await wipe(instanceId);
      await purgeJournal(database, instanceId);
    },
    async listSessions() {
      const rows = await database.read(LIST_SESSIONS);
      return rows.map(row => row.instanceId as string);
    },
  };
}

function keyStatement(instanceId: string, { type, id, value }: KeyChange): Statement {
  return value === null
    ? { sql: DELETE_KEY, params: [instanceId, type, id] }
    : { sql: PUT_KEY, params: [instanceId, type, id, value] };
}
