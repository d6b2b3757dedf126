import type { Tenure } from '../../domain/instances/tenure.js';
import type { NewJournalEntry, ReceiveJournal } from '../../ports/journal.js';
import { listParam } from './bind-values.js';
import type { Database, Statement } from './database.js';
import { pruneOldest } from './prune-oldest.js';

export interface JournalSql {
  /** (instanceId, hash, messageId, sender, stanza, plaintext, createdAt); leaves an entry alone that is there already. */
  insert: string;
  /** (instanceId, hashes) → hash, plaintext of one of them */
  find: string;
  /** (instanceId, after, limit) → seq, hash, messageId, stanza, in order */
  undone: string;
  /** (instanceId, hashes, at) */
  markDone: string;
  /** (after, limit) → seq, doneAt, createdAt, in order */
  oldest: string;
  /** (seqs) */
  remove: string;
  /** (instanceId, limit) */
  purge: string;
}

/** Rows that one step of a purge takes: others wait behind a step. */
const PURGE_STEP = 500;

/** The journal of what was decrypted. */
export function createJournal(database: Database, { journal: sql }: { journal: JournalSql }): ReceiveJournal {
  return {
    async findPlaintext(instanceId, hashes) {
      const [row] = await database.read(sql.find, [instanceId, listParam(hashes)]);
      return row ? { hash: row.hash as string, plaintext: row.plaintext as Uint8Array } : null;
    },
    async listUndone(instanceId, after, limit) {
      const rows = await database.read(sql.undone, [instanceId, after, limit]);
      return rows.map(row => ({
        seq: row.seq as number, hash: row.hash as string, messageId: row.messageId as string, stanza: row.stanza as Uint8Array,
      }));
    },
    async markDone(tenure, hashes, at) {
      const { instanceId } = tenure;
      if (hashes.length > 0) await database.write([markJournalDone(sql, instanceId, hashes, at)], { key: instanceId, fence: tenure });
    },
    prune: (before, limit) => pruneOldest(database, {
      read: sql.oldest,
      remove: sql.remove,
      isOver: ({ doneAt }) => doneAt !== null && (doneAt as number) < before,
      // What was made after `before` cannot have been done before it.
      isYoung: ({ createdAt }) => (createdAt as number) >= before,
    }, limit),
  };
}

export function insertJournalEntry(sql: JournalSql, instanceId: string, { hash, messageId, sender, stanza, plaintext, createdAt }: NewJournalEntry): Statement {
  return { sql: sql.insert, params: [instanceId, hash, messageId, sender, stanza, plaintext, createdAt] };
}

/** For whoever stores what the rows became, in the same unit. */
export function markJournalDone(sql: JournalSql, instanceId: string, hashes: string[], at: number): Statement {
  return { sql: sql.markDone, params: [instanceId, listParam(hashes), at] };
}

/** Removes every row of the instance, done or not. */
export async function purgeJournal(database: Database, sql: JournalSql, tenure: Tenure): Promise<void> {
  const { instanceId } = tenure;
  for (let removed = PURGE_STEP; removed === PURGE_STEP;) {
    const { changes } = await database.write([{ sql: sql.purge, params: [instanceId, PURGE_STEP] }], { key: instanceId, fence: tenure });
    removed = changes[0] ?? 0;
  }
}
