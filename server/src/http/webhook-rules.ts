import { DomainError } from '../domain/errors.js';
import { requireHttpUrl } from './http-url.js';

/** Headers that the gateway, or HTTP itself, sets. */
const RESERVED = new Set(['host', 'content-type', 'content-length', 'transfer-encoding', 'connection', 'keep-alive', 'upgrade', 'te', 'trailer', 'expect', 'user-agent']);

/**
 * What a schema cannot say about a webhook: its address, the length of its secret (24 to 64 bytes, as Standard
 * Webhooks asks), and names of headers that are not the caller's to set.
 * @throws DomainError `validation_failed`
 */
export function checkWebhook(input: { url?: string | undefined; secret?: string | undefined; headers?: Record<string, string> | undefined }): void {
  if (input.url !== undefined) requireHttpUrl(input.url, 'url');
  if (input.secret !== undefined) checkSecret(input.secret);
  for (const name of Object.keys(input.headers ?? {})) {
    const lower = name.toLowerCase();
    if (RESERVED.has(lower) || lower.startsWith('webhook-')) {
      throw new DomainError('validation_failed', `headers.${name} is set by the gateway itself.`, { field: `headers.${name}` });
    }
  }
}

function checkSecret(secret: string): void {
  const encoded = secret.slice('whsec_'.length);
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.length < 24 || bytes.length > 64 || bytes.toString('base64') !== encoded) {
    throw new DomainError('validation_failed', 'secret must be whsec_ followed by 24 to 64 bytes in base64.', { field: 'secret', hint: 'Leave it out to have one made.' });
  }
}
