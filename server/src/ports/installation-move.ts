/** A value as a table keeps it; whole numbers may have 64 bits. */
export type Cell = string | number | bigint | boolean | Uint8Array | null;

/** What an installation keeps, parents before what refers to them. Who owns what at the moment is not among it: leases and nodes begin anew. */
export const MOVED_TABLES = [
  'Instance', 'ApiKey', 'Webhook', 'Delivery', 'Message', 'StashedMedia', 'JournalEntry', 'CiphertextMemo', 'SessionCredentials', 'SignalKey', 'Setting',
  'AuditEntry', 'ConnectionRecord', 'Backup', 'DataKey',
] as const;
export type MovedTable = (typeof MOVED_TABLES)[number];
export const LEFT_BEHIND = ['Lease', 'Node'] as const;

/** An installation in a data directory, which nobody else uses meanwhile. */
export interface MoveSource {
  /** The network that its sessions belong to; null before the first start. */
  readonly network: string | null;
  columns(table: MovedTable): string[];
  count(table: MovedTable): number;
  /** All rows in the order in which they were made, in batches that fit into memory; the cells in the order of `columns`. */
  batches(table: MovedTable): Iterable<Cell[][]>;
  /** The highest running number that was ever given out in its column `seq`; null for a table without. */
  lastSeq(table: MovedTable): bigint | null;
  /** Fingerprints of the master keys that what it holds is sealed under; none before anything was sealed. */
  masterKeys(): string[];
  /** Whether it was moved, or was being moved. */
  readMark(): Promise<MoveMark | null>;
  /** On disk when it resolves: from then on no gateway starts on it. */
  writeMark(mark: MoveMark): Promise<void>;
  removeMark(): Promise<void>;
  /** Gives it free. Idempotent. */
  close(): Promise<void>;
}

export interface MoveMark {
  /** `moving`: nobody knows yet whether the target has it. */
  state: 'moving' | 'moved';
  /** Of this move: the target has it among its settings if, and only if, it has everything. */
  id: string;
  /** Host, port and database; no password. */
  target: string;
  /** ISO 8601. */
  at: string;
}

/** A database that an installation moves into: one transaction, from `begin` to `commit`. */
export interface MoveTarget {
  /** Host, port and database, for people. */
  readonly name: string;
  /** Brings the database's tables to this release and begins. Waits until nobody else writes, also for a commit whose answer was lost; nobody else writes afterwards. */
  begin(): Promise<void>;
  /** Nodes that say that they live. */
  livingNodes(): Promise<number>;
  count(table: MovedTable): Promise<number>;
  setting(name: string): Promise<string | null>;
  /** Leaves one that is there as it is. */
  putSetting(name: string, value: string): Promise<void>;
  /** Removes the data keys, and what only they open, of nodes that were started on the empty database: those of the source take their place. */
  clearKeys(): Promise<void>;
  insert(table: MovedTable, columns: readonly string[], rows: readonly Cell[][]): Promise<void>;
  /** The next running number of the table's column `seq` is higher than this. */
  continueAfter(table: MovedTable, seq: bigint): Promise<void>;
  /** @returns false when it certainly was not committed; throws when nobody knows */
  commit(): Promise<boolean>;
  /** Gives up what was not committed. Idempotent. */
  close(): Promise<void>;
}
