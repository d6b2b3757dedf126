import type { GatewayUseCases } from '../gateway.js';
import { createAwaitMessage } from './await-message.js';
import { createCancelMessage, type CancelMessageParts } from './cancel-message.js';
import { createDeadLetters, type DeadLetterParts } from './dead-letters.js';
import { createGetMessage } from './get-message.js';
import { createGetMessageMedia, type GetMessageMediaParts } from './get-message-media.js';
import { createListMessages } from './list-messages.js';
import type { MessageWatch } from './message-watch.js';
import { createQueueMessage, type QueueMessageParts } from './queue-message.js';
import { createQueueMessages } from './queue-messages.js';
import { createRepeatSend } from './repeat-send.js';
import { createSendMessage, type SendMessageParts } from './send-message.js';

/** What the use cases of messages are made of; each takes what it needs of it. */
export type MessageUseCaseDeps =
  & Omit<SendMessageParts, 'repeat'>
  & Omit<QueueMessageParts, 'repeat'>
  & Omit<DeadLetterParts, 'getMessage'>
  & Omit<CancelMessageParts, 'getMessage'>
  & Pick<GetMessageMediaParts, 'client'>
  & { watch: MessageWatch };

export type MessageUseCases = Pick<GatewayUseCases,
  'sendMessage' | 'queueMessage' | 'queueMessages' | 'cancelMessage' | 'awaitMessage' | 'getMessage' | 'listMessages' | 'getMessageMedia'
  | 'listDeadLetters' | 'retryDeadLetter' | 'discardDeadLetter' | 'queueCounts'>;

/** All verbs of messages, for the composition root. */
export function createMessageUseCases(deps: MessageUseCaseDeps & { outbox: { counts: GatewayUseCases['queueCounts'] } }): MessageUseCases {
  const repeat = createRepeatSend(deps);
  const getMessage = createGetMessage(deps);
  const queueing = createQueueMessage({ ...deps, repeat });
  return {
    sendMessage: createSendMessage({ ...deps, repeat }),
    queueMessage: queueing.queueMessage,
    queueMessages: createQueueMessages(queueing, deps.keys),
    cancelMessage: createCancelMessage({ ...deps, getMessage }),
    awaitMessage: createAwaitMessage({ ...deps, getMessage }),
    getMessage,
    listMessages: createListMessages(deps),
    getMessageMedia: createGetMessageMedia({ getMessage, client: deps.client }),
    ...createDeadLetters({ ...deps, getMessage }),
    queueCounts: instanceId => deps.outbox.counts(instanceId),
  };
}
