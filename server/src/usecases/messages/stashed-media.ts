import { Readable } from 'node:stream';
import type { Clock } from '../../ports/clock.js';
import type { MediaFetcher } from '../../ports/media-fetcher.js';
import type { MediaStash } from '../../ports/media-stash.js';
import type { SendRequest } from '../gateway.js';
import { withMedia } from './prepare-message.js';
import { writeQueuedRequest, type QueuedRequest } from './queued-request.js';

export interface StashedMediaParts { media: MediaFetcher; stash: MediaStash }

/** Puts media that was handed over into the stash; an address is fetched by whoever sends the message. Answers the request in a form that can be kept. */
export async function stashMedia({ media, stash, clock }: StashedMediaParts & { clock: Clock }, instanceId: string, messageId: string, request: SendRequest): Promise<string> {
  if (!('source' in request) || request.source.kind === 'url') return writeQueuedRequest(request, null);
  return withMedia(media, request, async file => {
    await stash.put(instanceId, messageId, file, clock.now());
    return writeQueuedRequest(request, file);
  });
}

/** The request as it was made, with its media in a file, which is removed after `use`; the stash stays as it is. */
export async function withStashedMedia<T>({ media, stash }: StashedMediaParts, instanceId: string, messageId: string, request: QueuedRequest, use: (request: SendRequest) => Promise<T>): Promise<T> {
  if (!('source' in request)) return use(request);
  const { source, ...rest } = request;
  if (source.kind === 'url') return use({ ...rest, source });

  const copy = await media.fromStream(Readable.from(stash.read(instanceId, messageId)), {});
  try {
    return await use({ ...rest, source: { kind: 'file', file: { ...copy, mimetype: source.mimetype, fileName: source.fileName } } });
  } finally {
    await media.discard(copy);
  }
}
