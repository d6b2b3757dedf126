import type { MediaFile } from '../../domain/messages/content.js';
import type { SendRequest } from '../gateway.js';

/** Media that was handed over and waits in the stash; the address of media that is fetched when the message goes out. */
type QueuedSource = { kind: 'stash'; mimetype: string; fileName: string | null; size: number } | { kind: 'url'; url: string };

/** What is to be sent, as a queued message's row keeps it. */
export type QueuedRequest =
  | Exclude<SendRequest, { source: unknown }>
  | (Omit<Extract<SendRequest, { source: unknown }>, 'source'> & { source: QueuedSource });

/** @param file the media, where it was handed over */
export function writeQueuedRequest(request: SendRequest, file: MediaFile | null): string {
  if (!('source' in request)) return JSON.stringify(request satisfies QueuedRequest);
  const source: QueuedSource = request.source.kind === 'url'
    ? request.source
    : { kind: 'stash', mimetype: file?.mimetype ?? '', fileName: file?.fileName ?? null, size: file?.size ?? 0 };
  return JSON.stringify({ ...request, source } satisfies QueuedRequest);
}

export function readQueuedRequest(text: string): QueuedRequest {
  return JSON.parse(text) as QueuedRequest;
}
