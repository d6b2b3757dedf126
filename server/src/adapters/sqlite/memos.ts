import type { Ciphertext, CiphertextMemos, NewCiphertextMemo } from '../../ports/journal.js';
import type { Statement } from './database-protocol.js';
import type { Database } from './database.js';

const INSERT = `INSERT INTO CiphertextMemo (instanceId, messageId, jid, type, ciphertext, createdAt) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (instanceId, messageId, jid) DO UPDATE SET type = excluded.type, ciphertext = excluded.ciphertext`;
const FIND = `SELECT type, ciphertext FROM CiphertextMemo
  WHERE instanceId = ? AND messageId = ? AND jid IN (SELECT value FROM json_each(?)) LIMIT 1`;
const DROP = 'DELETE FROM CiphertextMemo WHERE instanceId = ?';
const PRUNE = `DELETE FROM CiphertextMemo WHERE rowid IN (
  SELECT m.rowid FROM CiphertextMemo m WHERE m.createdAt < ? AND NOT EXISTS (
    SELECT 1 FROM Message o WHERE o.instanceId = m.instanceId AND o.messageId = m.messageId AND o.direction = 'out' AND o.state IN ('queued', 'sending')
  ) LIMIT ?)`;

/** Ciphertexts of messages that WhatsApp has not acknowledged, in the embedded database. */
export function createSqliteMemos(database: Database): CiphertextMemos {
  return {
    async find(instanceId, messageId, jids) {
      const [row] = await database.read(FIND, [instanceId, messageId, JSON.stringify(jids)]);
      return row ? { type: row.type as Ciphertext['type'], ciphertext: row.ciphertext as Uint8Array } : null;
    },
    async prune(before, limit) {
      const { changes } = await database.write([{ sql: PRUNE, params: [before, limit] }]);
      return changes[0] ?? 0;
    },
  };
}

export function insertMemo(instanceId: string, { messageId, jid, type, ciphertext, createdAt }: NewCiphertextMemo): Statement {
  return { sql: INSERT, params: [instanceId, messageId, jid, type, ciphertext, createdAt] };
}

export function dropMemos(instanceId: string): Statement {
  return { sql: DROP, params: [instanceId] };
}
