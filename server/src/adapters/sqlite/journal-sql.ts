import type { JournalSql } from '../sql/journal.js';
import type { MemoSql } from '../sql/memos.js';

export const journalSql: JournalSql = {
  insert: `INSERT INTO JournalEntry (instanceId, hash, messageId, sender, stanza, plaintext, createdAt) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT (instanceId, hash) DO NOTHING`,
  find: 'SELECT hash, plaintext FROM JournalEntry WHERE instanceId = ?1 AND hash IN (SELECT value FROM json_each(?2)) LIMIT 1',
  undone: `SELECT seq, hash, messageId, stanza FROM JournalEntry
    WHERE instanceId = ?1 AND doneAt IS NULL AND seq > ?2 ORDER BY seq LIMIT ?3`,
  markDone: `UPDATE JournalEntry SET doneAt = ?3, stanza = NULL
    WHERE instanceId = ?1 AND hash IN (SELECT value FROM json_each(?2)) AND doneAt IS NULL`,
  oldest: 'SELECT seq, doneAt, createdAt FROM JournalEntry WHERE seq > ?1 ORDER BY seq LIMIT ?2',
  remove: 'DELETE FROM JournalEntry WHERE seq IN (SELECT value FROM json_each(?1))',
  purge: 'DELETE FROM JournalEntry WHERE seq IN (SELECT seq FROM JournalEntry WHERE instanceId = ?1 LIMIT ?2)',
};

export const memoSql: MemoSql = {
  put: `INSERT INTO CiphertextMemo (instanceId, messageId, jid, type, ciphertext, createdAt) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT (instanceId, messageId, jid) DO UPDATE SET type = excluded.type, ciphertext = excluded.ciphertext`,
  find: `SELECT type, ciphertext FROM CiphertextMemo
    WHERE instanceId = ?1 AND messageId = ?2 AND jid IN (SELECT value FROM json_each(?3)) LIMIT 1`,
  dropAll: 'DELETE FROM CiphertextMemo WHERE instanceId = ?1',
  forget: 'DELETE FROM CiphertextMemo WHERE instanceId = ?1 AND messageId = ?2',
  prune: `DELETE FROM CiphertextMemo WHERE rowid IN (
    SELECT m.rowid FROM CiphertextMemo m WHERE m.createdAt < ?1 AND NOT EXISTS (
      SELECT 1 FROM Message o WHERE o.instanceId = m.instanceId AND o.messageId = m.messageId AND o.direction = 'out' AND o.state IN ('queued', 'sending')
    ) LIMIT ?2)`,
};
