import type { Ciphertext, CiphertextMemos, NewCiphertextMemo } from '../../ports/journal.js';
import { listParam } from './bind-values.js';
import type { Database, Statement } from './database.js';

export interface MemoSql {
  /** (instanceId, messageId, jid, type, ciphertext, createdAt); takes the place of the one for this device. */
  put: string;
  /** (instanceId, messageId, jids) → type, ciphertext of one of them */
  find: string;
  /** (instanceId) */
  dropAll: string;
  /** (instanceId, messageId) */
  forget: string;
  /** (before, limit) */
  prune: string;
}

/** Ciphertexts of messages that WhatsApp has not acknowledged. */
export function createMemos(database: Database, { memos: sql }: { memos: MemoSql }): CiphertextMemos {
  return {
    async find(instanceId, messageId, jids) {
      const [row] = await database.read(sql.find, [instanceId, messageId, listParam(jids)]);
      return row ? { type: row.type as Ciphertext['type'], ciphertext: row.ciphertext as Uint8Array } : null;
    },
    async prune(before, limit) {
      const { changes } = await database.write([{ sql: sql.prune, params: [before, limit] }]);
      return changes[0] ?? 0;
    },
  };
}

export function putMemo(sql: MemoSql, instanceId: string, { messageId, jid, type, ciphertext, createdAt }: NewCiphertextMemo): Statement {
  return { sql: sql.put, params: [instanceId, messageId, jid, type, ciphertext, createdAt] };
}

export function dropMemos(sql: MemoSql, instanceId: string): Statement {
  return { sql: sql.dropAll, params: [instanceId] };
}

/** What WhatsApp has acknowledged is never encrypted again. */
export function forgetMemos(sql: MemoSql, instanceId: string, messageId: string): Statement {
  return { sql: sql.forget, params: [instanceId, messageId] };
}
