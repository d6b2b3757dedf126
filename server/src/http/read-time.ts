import { DomainError } from '../domain/errors.js';

const TIME = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/;

/**
 * Reads a time in ISO 8601: a date alone (UTC), or date and time with their zone.
 * @returns epoch milliseconds
 * @throws DomainError `validation_failed` with the field
 */
export function readTime(text: string, field: string): number {
  const time = TIME.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(time)) {
    throw new DomainError('validation_failed', `${field} is not a time.`, { field, hint: 'Use ISO 8601 with a zone, such as 2025-06-01T12:00:00Z, or a date alone.' });
  }
  return time;
}
