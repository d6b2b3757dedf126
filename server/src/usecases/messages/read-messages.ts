import { DomainError } from '../../domain/errors.js';
import type { MessageStore } from '../../ports/message-store.js';
import type { WhatsAppClient } from '../../ports/whatsapp-client.js';
import type { GatewayUseCases } from '../gateway.js';
import type { InstanceLookup } from '../instances/find-instance.js';

export interface ReadMessagesParts {
  find: InstanceLookup;
  messages: Pick<MessageStore, 'find' | 'list'>;
  client: Pick<WhatsAppClient, 'downloadMedia'>;
}

type ReadMessages = Pick<GatewayUseCases, 'getMessage' | 'listMessages' | 'getMessageMedia'>;

/** What became of messages, and what they held. */
export function createReadMessages({ find, messages, client }: ReadMessagesParts): ReadMessages {
  const getMessage: ReadMessages['getMessage'] = async (instanceId, messageId) => {
    await find(instanceId);
    const message = await messages.find(instanceId, messageId);
    if (message) return message;
    throw new DomainError('message_not_found', `There is no message "${messageId}".`, { hint: 'Use the messageId of an answer or an event of this instance.' });
  };

  return {
    getMessage,
    async listMessages(instanceId, { limit, before, direction, chatId }) {
      await find(instanceId);
      return messages.list(instanceId, {
        limit,
        ...(before === undefined ? {} : { before }),
        ...(direction === undefined ? {} : { direction }),
        ...(chatId === undefined ? {} : { chatId }),
      });
    },
    async getMessageMedia(instanceId, messageId) {
      const { proto } = await getMessage(instanceId, messageId);
      if (!proto) throw new DomainError('media_not_found', 'The content of this message is not stored any more.');
      return client.downloadMedia(proto);
    },
  };
}
