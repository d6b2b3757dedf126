import type { NewJournalEntry, ReceiveJournal } from '../../ports/journal.js';
import type { Statement } from './database-protocol.js';
import type { Database } from './database.js';
import { pruneOldest } from './prune-oldest.js';

const INSERT = `INSERT INTO JournalEntry (instanceId, hash, messageId, sender, stanza, plaintext, createdAt) VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (instanceId, hash) DO NOTHING`;
const FIND = 'SELECT hash, plaintext FROM JournalEntry WHERE instanceId = ? AND hash IN (SELECT value FROM json_each(?)) LIMIT 1';
const UNDONE = `SELECT seq, hash, messageId, stanza FROM JournalEntry
  WHERE instanceId = ? AND doneAt IS NULL AND seq > ? ORDER BY seq LIMIT ?`;
const MARK_DONE = `UPDATE JournalEntry SET doneAt = ?, stanza = NULL
  WHERE instanceId = ? AND hash IN (SELECT value FROM json_each(?)) AND doneAt IS NULL`;
const OLDEST = 'SELECT seq, doneAt, createdAt FROM JournalEntry WHERE seq > ? ORDER BY seq LIMIT ?';
const DELETE = 'DELETE FROM JournalEntry WHERE seq IN (SELECT value FROM json_each(?))';
const PURGE = 'DELETE FROM JournalEntry WHERE seq IN (SELECT seq FROM JournalEntry WHERE instanceId = ? LIMIT ?)';

/** Rows that one step of a purge takes: others wait behind a step. */
const PURGE_STEP = 500;

/** The journal of what was decrypted, in the embedded database. */
export function createSqliteJournal(database: Database): ReceiveJournal {
  return {
    async findPlaintext(instanceId, hashes) {
      const [row] = await database.read(FIND, [instanceId, JSON.stringify(hashes)]);
      return row ? { hash: row.hash as string, plaintext: row.plaintext as Uint8Array } : null;
    },
    async listUndone(instanceId, after, limit) {
      const rows = await database.read(UNDONE, [instanceId, after, limit]);
      return rows.map(row => ({
        seq: row.seq as number, hash: row.hash as string, messageId: row.messageId as string, stanza: row.stanza as Uint8Array,
      }));
    },
    async markDone(instanceId, hashes, at) {
      if (hashes.length > 0) await database.write([markJournalDone(instanceId, hashes, at)]);
    },
    prune: (before, limit) => pruneOldest(database, {
      read: OLDEST,
      remove: DELETE,
      isOver: ({ doneAt }) => doneAt !== null && (doneAt as number) < before,
      // What was made after `before` cannot have been done before it.
      isYoung: ({ createdAt }) => (createdAt as number) >= before,
    }, limit),
  };
}

export function insertJournalEntry(instanceId: string, { hash, messageId, sender, stanza, plaintext, createdAt }: NewJournalEntry): Statement {
  return { sql: INSERT, params: [instanceId, hash, messageId, sender, stanza, plaintext, createdAt] };
}

/** For whoever stores what the rows became, in the same unit. */
export function markJournalDone(instanceId: string, hashes: string[], at: number): Statement {
  return { sql: MARK_DONE, params: [at, instanceId, JSON.stringify(hashes)] };
}

/** Removes every row of the instance, done or not. */
export async function purgeJournal(database: Database, instanceId: string): Promise<void> {
  for (let removed = PURGE_STEP; removed === PURGE_STEP;) {
    const { changes } = await database.write([{ sql: PURGE, params: [instanceId, PURGE_STEP] }]);
    removed = changes[0] ?? 0;
  }
}
