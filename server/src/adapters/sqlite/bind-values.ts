import { types } from 'node:util';
import type { SqlValue, Statement } from './database-protocol.js';

/** The statement with parameters that are ours alone. */
export function copyStatement(statement: Statement): Statement {
  return statement.params ? { ...statement, params: statement.params.map(copyValue) } : statement;
}

/**
 * A value that is ours alone: small Buffers are views of a pool that must neither be sent whole nor detached. Anything SQLite has no
 * type for is refused here, since the native module would abort the process.
 */
export function copyValue(value: SqlValue): SqlValue {
  if (types.isUint8Array(value)) return new Uint8Array(value);
  if (value === null) return value;
  // libsql reads text up to its first NUL. Names that come from the network may hold one.
  if (typeof value === 'string') return value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new TypeError(`A ${typeof value} cannot be bound to a statement.`);
}

/** What may be handed to the other thread without a second copy. */
export function buffersOf(params: SqlValue[] = []): ArrayBuffer[] {
  return params.flatMap(value => (types.isUint8Array(value) ? [value.buffer as ArrayBuffer] : []));
}
