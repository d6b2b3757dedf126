import { DomainError } from '../domain/errors.js';

/**
 * Makes sure that a field holds an absolute http or https address without user name and password, which nobody would send along.
 * @throws DomainError `validation_failed`
 */
export function requireHttpUrl(text: string, field: string): void {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new DomainError('validation_failed', `${field} must be an absolute http or https address.`, { field, hint: 'For example https://example.com/path.' });
  }
  if (url.username !== '' || url.password !== '') {
    throw new DomainError('validation_failed', `${field} must not hold a user name or password.`, { field, hint: 'Sign the address instead, or send the media as base64 or as an upload.' });
  }
}
