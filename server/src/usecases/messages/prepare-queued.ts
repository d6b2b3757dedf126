import { Readable } from 'node:stream';
import { DomainError } from '../../domain/errors.js';
import type { StoredMessage } from '../../domain/messages/message.js';
import type { MediaFetcher } from '../../ports/media-fetcher.js';
import type { MediaStash } from '../../ports/media-stash.js';
import type { WhatsAppSocket } from '../../ports/whatsapp-client.js';
import type { MessagePreparer, ReadyMessage } from './prepare-message.js';
import { readQueuedRequest } from './queued-request.js';

/** Makes a queued message ready; one that was ready before stays as it is, so that every attempt sends the same bytes. */
export type QueuedPreparer = (socket: WhatsAppSocket, message: StoredMessage) => Promise<ReadyMessage>;

export function createQueuedPreparer({ prepare, media, stash }: { prepare: MessagePreparer; media: MediaFetcher; stash: MediaStash }): QueuedPreparer {
  return async (socket, message) => {
    const { instanceId, messageId, party, chatId, proto, timestamp } = message;
    if (proto) return { party, chatId, proto, timestamp };
    if (message.request === null) throw new DomainError('media_not_found', 'What was to be sent is not stored any more.');
    const request = readQueuedRequest(message.request);
    if (!('source' in request)) return prepare(socket, instanceId, messageId, request);
    const { source, ...rest } = request;
    if (source.kind === 'url') return prepare(socket, instanceId, messageId, { ...rest, source });

    const copy = await media.fromStream(Readable.from(stash.read(instanceId, messageId)), {});
    try {
      const file = { ...copy, mimetype: source.mimetype, fileName: source.fileName };
      return await prepare(socket, instanceId, messageId, { ...rest, source: { kind: 'file', file } });
    } finally {
      await media.discard(copy);
    }
  };
}
