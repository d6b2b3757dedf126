import type { MessageStore } from '../../ports/message-store.js';
import type { GatewayUseCases } from '../gateway.js';
import type { InstanceLookup } from '../instances/find-instance.js';

export interface ListMessagesParts {
  find: InstanceLookup;
  messages: Pick<MessageStore, 'list'>;
}

/** The newest messages of an instance, both directions unless asked otherwise. */
export function createListMessages({ find, messages }: ListMessagesParts): GatewayUseCases['listMessages'] {
  return async (instanceId, { limit, before, direction, chatId }) => {
    await find(instanceId);
    return messages.list(instanceId, {
      limit,
      ...(before === undefined ? {} : { before }),
      ...(direction === undefined ? {} : { direction }),
      ...(chatId === undefined ? {} : { chatId }),
    });
  };
}
