import { DomainError } from '../domain/errors.js';

/** A place in a list as callers see it: text that means nothing to them. A place is told by one whole number, or by several. */
export function writeCursor(...place: number[]): string {
  return Buffer.from(`c${place.join('.')}`).toString('base64url');
}

/**
 * Reads what `writeCursor` wrote of one number.
 * @throws DomainError `validation_failed`, field `cursor`
 */
export function readCursor(cursor: string): number {
  const [place] = numbersOf(cursor, 1);
  return place ?? 0;
}

/**
 * Reads what `writeCursor` wrote of two.
 * @throws DomainError `validation_failed`, field `cursor`
 */
export function readCursorPair(cursor: string): [number, number] {
  const [first = 0, second = 0] = numbersOf(cursor, 2);
  return [first, second];
}

function numbersOf(cursor: string, count: number): number[] {
  const texts = /^c(\d{1,15}(?:\.\d{1,15})*)$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'))?.[1]?.split('.');
  if (texts?.length !== count) {
    throw new DomainError('validation_failed', 'This cursor is not one that the gateway gave.', { field: 'cursor', hint: 'Give the next of an earlier answer, unchanged, or leave it out for the first page.' });
  }
  return texts.map(Number);
}
