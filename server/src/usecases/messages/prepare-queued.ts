import { DomainError } from '../../domain/errors.js';
import type { StoredMessage } from '../../domain/messages/message.js';
import type { WhatsAppSocket } from '../../ports/whatsapp-client.js';
import type { MessagePreparer, ReadyMessage } from './prepare-message.js';
import { readQueuedRequest } from './queued-request.js';
import { withStashedMedia, type StashedMediaParts } from './stashed-media.js';

/** Makes a queued message ready; one that was ready before stays as it is, so that every attempt sends the same bytes. */
export type QueuedPreparer = (socket: WhatsAppSocket, message: StoredMessage) => Promise<ReadyMessage>;

export function createQueuedPreparer({ prepare, ...parts }: StashedMediaParts & { prepare: MessagePreparer }): QueuedPreparer {
  return async (socket, message) => {
    const { instanceId, messageId, party, chatId, proto, timestamp } = message;
    if (proto) return { party, chatId, proto, timestamp };
    if (message.request === null) throw new DomainError('media_not_found', 'What was to be sent is not stored any more.');
    return withStashedMedia(parts, instanceId, messageId, readQueuedRequest(message.request), request => prepare(socket, instanceId, messageId, request));
  };
}
