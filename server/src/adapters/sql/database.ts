import type { Tenure } from '../../domain/instances/tenure.js';

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
  /** Its rows are part of the unit's answer. It sees what the statements before it did. */
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

export interface WriteOptions {
  /** Units with the same key, an instance's id, are applied in the order of the calls. A store that applies all in that order needs none. */
  key?: string;
  /**
   * The unit is only good while this tenure is the instance's latest: else nothing is written and the call rejects with the DomainError
   * `instance_unowned`. A store that one process has to itself needs none.
   */
  fence?: Tenure;
  /** It may wait some milliseconds for a write that is sure to follow, to share its flush. */
  patient?: boolean;
}

/** The hot path's database: plain SQL, one small interface for every dialect. Nothing here blocks the event loop. */
export interface Database {
  /** @throws StorageError when it cannot be opened */
  start(): Promise<void>;
  /**
   * Rows as committed when the read runs. It sees every write whose promise has resolved.
   * @throws StorageError, or a DomainError `store_unavailable`
   */
  read(sql: string, params?: SqlValue[]): Promise<Row[]>;
  /**
   * Applies a unit as a whole or not at all; resolves when it would survive a power cut. Parameters are copied at the call.
   * @throws StorageError when a statement fails; the unit is then undone. DomainError `instance_unowned` (see `fence`), or `store_unavailable`
   */
  write(unit: Statement[], options?: WriteOptions): Promise<UnitResult>;
  /** Finishes what was asked for and closes. Idempotent. */
  stop(): Promise<void>;
}
