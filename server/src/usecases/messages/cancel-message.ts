import { DomainError } from '../../domain/errors.js';
import type { Outbox } from '../../ports/message-store.js';
import type { SendQueue } from '../../ports/send-queue.js';
import type { GatewayUseCases } from '../gateway.js';
import type { MessageWatch } from './message-watch.js';

export interface CancelMessageParts {
  getMessage: GatewayUseCases['getMessage'];
  outbox: Pick<Outbox, 'cancel'>;
  queue: Pick<SendQueue, 'nudge'>;
  watch: Pick<MessageWatch, 'changed'>;
}

/** Takes a message out of the queue; only one that has not been written to WhatsApp, so that a cancelled message is never seen. */
export function createCancelMessage({ getMessage, outbox, queue, watch }: CancelMessageParts): GatewayUseCases['cancelMessage'] {
  return async (instanceId, messageId) => {
    const message = await getMessage(instanceId, messageId);
    // One that was written without an acknowledgement waits in the queue again, but may have arrived.
    const mayBeOut = message.proto !== null && (message.attempts > 0 || message.retries > 0);
    if (message.direction === 'out' && !mayBeOut && await outbox.cancel(instanceId, messageId)) {
      watch.changed(instanceId, messageId);
      queue.nudge(instanceId);
      return getMessage(instanceId, messageId);
    }
    const { state } = await getMessage(instanceId, messageId);
    throw new DomainError('message_not_cancellable', `The message is ${state ?? 'a received one'}${mayBeOut && state === 'queued' ? ' but was tried before and may have arrived' : ''}; it cannot be cancelled.`, {
      hint: 'Only a message that still waits in the queue can be cancelled.', details: { state },
    });
  };
}
