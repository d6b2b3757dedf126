import type { ClientBase } from 'pg';
import { codeOf } from './failures.js';

/** What a transaction is known by when its connection is lost during COMMIT. */
export interface TransactionMark {
  /** Its number, 64 bits. */
  xid: string;
  /** How far the server's log was on disk when it began. */
  flushed: string;
}

export type CommitOutcome = 'committed' | 'aborted' | 'in progress';

/**
 * The server's word on a transaction. After a crash it may give a number again that it had given to a transaction of which nothing had reached the
 * disk. The checkpoint at the end of its recovery tells: with a transaction that began before it, it knows every number that had; whoever bears a
 * later one was lost, whatever has become of the number since.
 */
const OUTCOME = `SELECT pg_xact_status(($1::text)::xid8) AS status,
    c.redo_lsn >= ($2::text)::pg_lsn
      AND ($1::text)::numeric >= split_part(c.next_xid, ':', 1)::numeric * 4294967296 + split_part(c.next_xid, ':', 2)::numeric AS lost
  FROM pg_control_checkpoint() AS c`;

/** "The number is in the future": it was lost in a crash, and has not been given again yet. */
const IN_THE_FUTURE = '22023';

/** What became of a transaction. While its old connection is still at work, `in progress`: to be asked again. */
export async function readCommitOutcome(client: Pick<ClientBase, 'query'>, { xid, flushed }: TransactionMark): Promise<CommitOutcome> {
  try {
    const { rows: [row] } = await client.query<{ status: CommitOutcome | null; lost: boolean }>(OUTCOME, [xid, flushed]);
    if (!row || row.lost) return 'aborted';
    // Null is for one of long ago.
    return row.status ?? 'in progress';
  } catch (error) {
    if (codeOf(error) === IN_THE_FUTURE) return 'aborted';
    throw error;
  }
}
