import { types } from 'node:util';
import type { SqlValue, Statement } from './database.js';

/** The statement with parameters that are ours alone. */
export function copyStatement(statement: Statement): Statement {
  return statement.params ? { ...statement, params: statement.params.map(copyValue) } : statement;
}

/**
 * A value that is ours alone: small Buffers are views of a pool that must neither be sent whole nor detached. Anything that is no SQL value
 * is refused here, since a native module would abort the process.
 */
export function copyValue(value: SqlValue): SqlValue {
  if (types.isUint8Array(value)) return new Uint8Array(value);
  if (value === null) return value;
  if (typeof value === 'string') return storableText(value);
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new TypeError(`A ${typeof value} cannot be bound to a statement.`);
}

/** A list as one parameter, for statements that take it apart: a JSON array whose texts are as they are stored. */
export function listParam(values: readonly (string | number)[]): string {
  return JSON.stringify(values.map(value => (typeof value === 'string' ? storableText(value) : value)));
}

/**
 * Names that come from the network may hold a NUL, at which libsql ends a text and which PostgreSQL refuses, or half a surrogate pair, which
 * has no UTF-8 and which PostgreSQL refuses within JSON.
 */
export function storableText(text: string): string {
  return /[\0\p{Surrogate}]/u.test(text) ? text.replace(/[\0\p{Surrogate}]/gu, '\uFFFD') : text;
}
