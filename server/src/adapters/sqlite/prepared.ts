import { LRUCache } from 'lru-cache';
import type { Connection } from './connection.js';
import type { Row } from '../sql/database.js';

export type Statement = ReturnType<Connection['prepare']>;

/**
 * Prepares each SQL text once; keeps the texts used last, so that generated SQL cannot fill the memory.
 * Statements are run to their end: one left half-read would stand in the way of savepoints and checkpoints.
 */
export function createPreparer(connection: Connection, max = 256): (sql: string) => Statement {
  const statements = new LRUCache<string, Statement>({ max });
  return sql => {
    const known = statements.get(sql);
    if (known) return known;
    const prepared = connection.prepare(sql);
    statements.set(sql, prepared);
    return prepared;
  };
}

/** libsql answers blobs as ArrayBuffer. */
export function toRow(row: unknown): Row {
  return Object.fromEntries(Object.entries(row as Record<string, string | number | null | ArrayBuffer>)
    .map(([name, value]) => [name, value instanceof ArrayBuffer ? new Uint8Array(value) : value]));
}
