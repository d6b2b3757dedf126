import { DomainError } from '../../domain/errors.js';
import type { WhatsAppClient } from '../../ports/whatsapp-client.js';
import type { GatewayUseCases } from '../gateway.js';

export interface GetMessageMediaParts {
  getMessage: GatewayUseCases['getMessage'];
  client: Pick<WhatsAppClient, 'downloadMedia'>;
}

/** The decrypted bytes of a message's media, fetched from WhatsApp's media host as they are read. */
export function createGetMessageMedia({ getMessage, client }: GetMessageMediaParts): GatewayUseCases['getMessageMedia'] {
  return async (instanceId, messageId) => {
    const { proto } = await getMessage(instanceId, messageId);
    if (!proto) throw new DomainError('media_not_found', 'The content of this message is not stored any more.');
    return client.downloadMedia(proto);
  };
}
