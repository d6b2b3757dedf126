import { DomainError } from '../domain/errors.js';

/** A place in a list as callers see it: text that means nothing to them. */
export function writeCursor(place: number): string {
  return Buffer.from(`c${place}`).toString('base64url');
}

/**
 * Reads what `writeCursor` wrote.
 * @throws DomainError `validation_failed`, field `cursor`
 */
export function readCursor(cursor: string): number {
  const place = Number(/^c(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'))?.[1]);
  if (Number.isNaN(place)) {
    throw new DomainError('validation_failed', 'This cursor is not one that the gateway gave.', { field: 'cursor', hint: 'Give the next of an earlier answer, unchanged, or leave it out for the first page.' });
  }
  return place;
}
