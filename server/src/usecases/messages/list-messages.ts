import type { MessageStore } from '../../ports/message-store.js';
import type { GatewayUseCases } from '../gateway.js';
import type { InstanceLookup } from '../instances/find-instance.js';

export interface ListMessagesParts {
  find: InstanceLookup;
  messages: Pick<MessageStore, 'list'>;
}

/** Messages of an instance, newest first, page by page; both directions unless asked otherwise. */
export function createListMessages({ find, messages }: ListMessagesParts): GatewayUseCases['listMessages'] {
  return async (instanceId, { limit, cursor, direction, chatId }) => {
    await find(instanceId);
    return messages.list(instanceId, {
      limit,
      ...(cursor === undefined ? {} : { cursor }),
      ...(direction === undefined ? {} : { direction }),
      ...(chatId === undefined ? {} : { chatId }),
    });
  };
}
