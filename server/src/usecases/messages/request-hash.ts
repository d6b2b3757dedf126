import { createHash } from 'node:crypto';
import type { MediaFetcher } from '../../ports/media-fetcher.js';
import type { SendRequest } from '../gateway.js';

/**
 * SHA-256 (hex) of what was asked for, so that a repeat under the same idempotency key can be told from another request: kind, recipient
 * and content with its fields in a fixed order, the bytes of an upload, and when it is to go out.
 */
export async function hashRequest(request: SendRequest, media: Pick<MediaFetcher, 'sha256'>, times: { scheduledAt?: number | undefined; expiresAt?: number | undefined } = {}): Promise<string> {
  const { source, ...rest } = { source: null, ...request };
  const bytes = source === null ? null : source.kind === 'file' ? { sha256: await media.sha256(source.file), name: source.file.fileName } : source;
  return createHash('sha256').update(canonical({ ...rest, bytes, ...times })).digest('hex');
}

/** JSON with the members of each object in order; what is undefined is left out. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member);
}
