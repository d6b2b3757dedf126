import type { Synchronous } from './connection.js';

/** What may be bound to a statement. Booleans are not SQL values: write 0 or 1. */
export type SqlValue = string | number | null | Uint8Array;

/** A result row: blobs are Uint8Array, integers are numbers (exact up to 2^53). */
export type Row = Record<string, string | number | null | Uint8Array>;

export interface Statement {
  /** A constant text, since prepared statements are kept by it. */
  sql: string;
  params?: SqlValue[];
  /** If this statement changes no row, its whole unit is undone and answered `applied: false`. */
  requireChanges?: boolean;
  /** A SELECT: the unit's answer has its rows. It sees what the statements before it did. */
  reads?: boolean;
}

export interface UnitResult {
  /** False when a `requireChanges` statement found nothing to change; then nothing was written. */
  applied: boolean;
  /** Rows changed by each statement, up to the one that refused. */
  changes: number[];
  /** What the statements with `reads` found, one after the other, if there were any. */
  rows?: Row[];
}

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
