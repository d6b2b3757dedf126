import { DomainError } from '../errors.js';

const MAX_URL_LENGTH = 2048;
const MAX_HEADERS = 32;
const MAX_HEADER_VALUE_LENGTH = 4096;
/** RFC 9110, 5.6.2: a token. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 9110, 5.5: visible characters, space and tab; no control characters, so no second header in a value. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** What the gateway sets itself, and what belongs to the connection rather than to the request. */
const RESERVED = new Set([
  'content-type', 'content-length', 'content-encoding', 'host', 'connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'te', 'trailer', 'upgrade', 'expect',
]);

/**
 * Checks where a webhook goes to: http or https, no user name or password in it (they would show up in logs and lists).
 * @returns the URL as given
 * @throws DomainError `validation_failed`, field `url`
 */
export function checkUrl(url: string): string {
  if (url.length > MAX_URL_LENGTH) throw refused('url', `The URL is longer than ${MAX_URL_LENGTH} characters.`);
  if (!URL.canParse(url)) throw refused('url', 'This is not an absolute URL.');
  const parsed = new URL(url);
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') throw refused('url', 'The URL must begin with http:// or https://.');
  if (parsed.username !== '' || parsed.password !== '') {
    throw refused('url', 'The URL must not hold a user name or password.', 'Send them as an Authorization header in `headers`.');
  }
  return url;
}

/**
 * Checks the headers that a webhook adds to each request.
 * @throws DomainError `validation_failed`, field `headers` or `headers.<name>`; the text never holds a value
 */
export function checkHeaders(headers: Record<string, string>): Record<string, string> {
  const names = Object.keys(headers);
  if (names.length > MAX_HEADERS) throw refused('headers', `More than ${MAX_HEADERS} headers.`);
  const seen = new Set<string>();
  for (const name of names) {
    const lower = name.toLowerCase();
    const field = `headers.${name}`;
    if (!HEADER_NAME.test(name)) throw refused(`headers.${name.slice(0, 64)}`, 'A header name holds characters that HTTP does not allow.');
    if (lower.startsWith('webhook-') || RESERVED.has(lower)) throw refused(field, `The header ${name} is set by the gateway and cannot be changed.`);
    if (seen.has(lower)) throw refused(field, `The header ${name} is there twice.`);
    seen.add(lower);
    const value = headers[name] ?? '';
    if (value.length > MAX_HEADER_VALUE_LENGTH || !HEADER_VALUE.test(value)) {
      throw refused(field, `The value of ${name} is too long, or holds line breaks or other characters that HTTP does not allow.`);
    }
  }
  return headers;
}

function refused(field: string, message: string, hint?: string): DomainError {
  return new DomainError('validation_failed', message, hint === undefined ? { field } : { field, hint });
}
