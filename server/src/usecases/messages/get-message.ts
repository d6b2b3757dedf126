import { DomainError } from '../../domain/errors.js';
import type { MessageStore } from '../../ports/message-store.js';
import type { GatewayUseCases } from '../gateway.js';
import type { InstanceLookup } from '../instances/find-instance.js';

export interface GetMessageParts {
  find: InstanceLookup;
  messages: Pick<MessageStore, 'find'>;
}

/** What became of one message. */
export function createGetMessage({ find, messages }: GetMessageParts): GatewayUseCases['getMessage'] {
  return async (instanceId, messageId) => {
    await find(instanceId);
    const message = await messages.find(instanceId, messageId);
    if (message) return message;
    throw new DomainError('message_not_found', `There is no message "${messageId}".`, { hint: 'Use the messageId of an answer or an event of this instance.' });
  };
}
