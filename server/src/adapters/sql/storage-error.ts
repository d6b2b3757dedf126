/**
 * Why the store refused or failed: SQLite's own code for a statement (`SQLITE_CONSTRAINT_UNIQUE`, `SQLITE_BUSY`, …), PostgreSQL's (`23505`, …), or
 * one of ours: `STORE_CLOSED`, `STORE_THREAD_ENDED`, `DATA_DIR_LOCKED`, `MIGRATION_CHANGED`, `MIGRATION_UNFINISHED`, `DATABASE_NEWER`.
 * The message is a sentence for a person and never holds stored values.
 */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
