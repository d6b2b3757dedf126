import { listParam } from './bind-values.js';
import type { Database, Row } from './database.js';

export interface OldestRows {
  /** Rows after a `seq` in its order: `seq` and whatever `isOver` needs, bound to (seq, limit). */
  read: string;
  /** Deletes by `seq`, bound to a list. */
  remove: string;
  isOver: (row: Row) => boolean;
  /** Whether this row, and so every one behind it, is too young. */
  isYoung: (row: Row) => boolean;
}

/**
 * Removes the oldest rows that are over, `limit` at most, stepping over those that are not; answers how many. In the order of arrival, so
 * that no index is needed for it, which every row would pay for.
 */
export async function pruneOldest(database: Pick<Database, 'read' | 'write'>, { read, remove, isOver, isYoung }: OldestRows, limit: number): Promise<number> {
  for (let after = 0; ;) {
    const rows = await database.read(read, [after, limit]);
    const over = rows.filter(isOver).map(row => row.seq as number);
    if (over.length > 0) {
      await database.write([{ sql: remove, params: [listParam(over)] }]);
      return over.length;
    }
    const last = rows.at(-1);
    if (!last || rows.length < limit || isYoung(last)) return 0;
    after = last.seq as number;
  }
}
