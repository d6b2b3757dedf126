import { DomainError } from '../../domain/errors.js';
import { StorageError } from '../sql/storage-error.js';

/**
 * What a failure of PostgreSQL means for the call that met it. `away`: the connection or the server is not there, or not ready; it will be.
 * `contended`: two transactions were in each other's way; the same again will do. `refused`: it would be refused again.
 */
export type FailureKind = 'away' | 'contended' | 'refused';

/** PostgreSQL's codes, as prefixes. */
const CONTENDED = /^(40001|40P01|55P03)/;
/**
 * Connection lost, too many connections, no room, timed out, in use, shutting down or starting; read-only, as on a standby that has not taken over
 * yet; prepared statements that a change of the tables or a pooler has made unknown (0A000, 26000).
 */
const AWAY = /^(08|53|55006|57014|57P0[1235]|25P0[34]|25006|0A000|26000|58)/;

/** The operating system's calls on the way to a server: whatever is wrong with one, the server cannot be reached. */
const NETWORK_CALLS = new Set(['connect', 'getaddrinfo', 'read', 'write']);
/** The same where it is not said which call it was. */
const UNREACHABLE = new Set(['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT']);

/** How the driver says the same, without a code. */
const LOST = /^(Connection terminated|timeout expired|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|Client was closed|Connection ended)/i;

export function kindOfFailure(error: unknown): FailureKind {
  if (!(error instanceof Error)) return 'refused';
  const code = codeOf(error);
  if (isFromServer(error)) return CONTENDED.test(code) ? 'contended' : AWAY.test(code) ? 'away' : 'refused';
  const call = 'syscall' in error ? String(error.syscall) : '';
  return NETWORK_CALLS.has(call) || UNREACHABLE.has(code) || LOST.test(error.message) ? 'away' : 'refused';
}

/** What a caller is told when the store cannot be reached for too long. */
export function storeUnavailable(cause: unknown): DomainError {
  return new DomainError('store_unavailable', 'The database cannot be reached at the moment.', { hint: 'Try again in some seconds.', cause });
}

/** The same of a write whose connection was lost during COMMIT, where the server could not be asked in time what became of it. */
export function storeInDoubt(cause: unknown): DomainError {
  return new DomainError('store_unavailable', 'The connection to the database was lost while something was stored there; it may have been stored all the same.', {
    hint: 'See whether it was before you try again. A request with an Idempotency-Key can be repeated.', details: { stored: null }, cause,
  });
}

/** A statement that was refused, with PostgreSQL's code. Its words are left out where they may hold a stored value. */
export function toStorageError(error: unknown): Error {
  if (!(error instanceof Error) || !isFromServer(error)) return error instanceof Error ? error : new StorageError('UNKNOWN', String(error));
  const code = codeOf(error);
  const rule = 'constraint' in error && typeof error.constraint === 'string' ? ` (${error.constraint})` : '';
  // Class 22: what is wrong with a value, the value included.
  return new StorageError(code, code.startsWith('22') ? `PostgreSQL refused a value of a statement (${code}).` : `PostgreSQL refused a statement (${code}): ${error.message}${rule}`);
}

/** For the log: what went wrong, in a word. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** An answer of the server bears a severity; a failure of the connection does not. */
function isFromServer(error: Error): boolean {
  return 'severity' in error && codeOf(error).length === 5;
}
