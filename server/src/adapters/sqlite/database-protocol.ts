import type { Row, SqlValue, Statement, UnitResult } from '../sql/database.js';
import type { Synchronous } from './connection.js';

export interface SqlFailure {
  code: string;
  message: string;
}

/** Main thread to database thread. */
export type DatabaseRequest =
  | { type: 'read'; id: number; sql: string; params: SqlValue[] }
  | { type: 'commit'; id: number; units: Statement[][] }
  | { type: 'close' };

/** Database thread to main thread. */
export type DatabaseReply =
  | { type: 'ready' }
  | { type: 'unopened'; failure: SqlFailure }
  | { type: 'rows'; id: number; rows: Row[] }
  | { type: 'failed'; id: number; failure: SqlFailure }
  /** One outcome per unit, in order, sent after COMMIT. */
  | { type: 'committed'; id: number; outcomes: (UnitResult | SqlFailure)[] };

export interface DatabaseThreadData {
  path: string;
  busyTimeoutMs: number;
  synchronous: Synchronous;
}
