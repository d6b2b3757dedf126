/** What is known about an operation that failed because the database could not be reached. */
export type ConnectionFailure = 'nothing_done' | 'unknown';

/** Prisma's codes: no server, no connection free, no transaction begun, refused at the door. (P1017 and P1008, lost on the way, are not among them.) */
const NOT_BEGUN = /^P(1000|1001|1002|1003|1010|1011|2024|2037)$/;
const LOST = /^P(1008|1017|2028)$/;

/** PostgreSQL's classes of trouble that is the server's: connection, read-only standby, deadlock, resources, lock, operator, system. */
const SERVER_TROUBLE = /^(08|25006|40|53|55P03|57|58)/;
/** Those after which a commit may have been made all the same. */
const OUTCOME_UNKNOWN = /^(08003|08006|08007|40003|57P01|57P02)$/;

/** The driver's own sentences; its errors have no code. */
const DRIVER_NOT_BEGUN = /^(timeout exceeded when trying to connect|Connection terminated due to connection timeout|Client has encountered a connection error)/;
const DRIVER_LOST = /^(Connection terminated|Query read timeout)/;

/**
 * Null when the error is not about reaching the database: then it is the caller's, or a mistake.
 * @param error as Prisma's client on `@prisma/adapter-pg` throws it: its own, or the driver's where it knows no better
 */
export function connectionFailure(error: unknown): ConnectionFailure | null {
  if (!(error instanceof Error)) return null;
  const sqlState = sqlStateOf(error);
  if (sqlState !== null) return !SERVER_TROUBLE.test(sqlState) ? null : OUTCOME_UNKNOWN.test(sqlState) ? 'unknown' : 'nothing_done';
  const code = String(memberOf(error, 'code') ?? '');
  if (NOT_BEGUN.test(code) || DRIVER_NOT_BEGUN.test(error.message) || (code === 'P2028' && error.message.includes('Unable to start'))) return 'nothing_done';
  if (LOST.test(code) || DRIVER_LOST.test(error.message)) return 'unknown';
  // A socket's own error.
  const call = memberOf(error, 'syscall');
  return call === 'connect' || call === 'getaddrinfo' ? 'nothing_done' : call === undefined ? null : 'unknown';
}

/** PostgreSQL's code, where Prisma puts it: with the error of its adapter. */
function sqlStateOf(error: Error): string | null {
  const adapterError = memberOf(memberOf(error, 'meta'), 'driverAdapterError') ?? error;
  const code = memberOf(memberOf(adapterError, 'cause'), 'originalCode');
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : null;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
