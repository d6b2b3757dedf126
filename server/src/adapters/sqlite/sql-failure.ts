import type { SqlFailure } from './database-protocol.js';

/** The parts of a failure that cross threads. */
export function describeFailure(error: unknown): SqlFailure {
  if (!(error instanceof Error)) return { code: 'SQLITE_ERROR', message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'SQLITE_ERROR';
  return { code, message: error.message };
}

/** Failures after which the file or the disk cannot be trusted, whatever is tried next. */
export function isFatal(code: string): boolean {
  return /^SQLITE_(IOERR|CORRUPT|NOTADB)/.test(code);
}
