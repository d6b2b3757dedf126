import { DomainError } from '../../domain/errors.js';
import { mediaTooLarge } from './spool.js';

export interface Decoded { bytes: Buffer; mimetype: string | undefined }

/**
 * Decodes standard base64 (RFC 4648, section 4), with or without line breaks, or a base64 data: URL (RFC 2397).
 * @throws DomainError `validation_failed`, `media_too_large`
 */
export function decodeBase64(input: string, maxBytes: number): Decoded {
  const { text, mimetype } = stripDataUrl(input);
  if (Math.floor(text.length / 4) * 3 - 2 > maxBytes) throw mediaTooLarge(maxBytes);
  const bytes = Buffer.from(text, 'base64');
  // Node's decoder skips what it does not know. What does not come out again as it went in was not base64.
  if (bytes.toString('base64') !== text) {
    throw new DomainError('validation_failed', 'base64 is not valid base64.', { field: 'base64', hint: 'Standard alphabet with padding, or a data: URL.' });
  }
  if (bytes.length === 0) throw new DomainError('validation_failed', 'base64 holds no bytes.', { field: 'base64' });
  if (bytes.length > maxBytes) throw mediaTooLarge(maxBytes);
  return { bytes, mimetype };
}

function stripDataUrl(input: string): { text: string; mimetype: string | undefined } {
  const trimmed = /[\r\n]/.test(input) ? input.replace(/[\r\n]+/g, '') : input;
  if (!trimmed.startsWith('data:')) return { text: trimmed, mimetype: undefined };
  const comma = trimmed.indexOf(',');
  const head = trimmed.slice('data:'.length, Math.max(comma, 0));
  if (comma < 0 || !head.endsWith(';base64')) {
    throw new DomainError('validation_failed', 'A data: URL has to be in base64.', { field: 'base64', hint: 'It begins like data:image/png;base64,…' });
  }
  return { text: trimmed.slice(comma + 1), mimetype: head.slice(0, -';base64'.length) || undefined };
}
