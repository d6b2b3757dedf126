import { DomainError, isDomainError } from '../../domain/errors.js';
import type { KeyedLock } from '../../ports/keyed-lock.js';
import type { BulkAnswer, GatewayUseCases } from '../gateway.js';
import type { createQueueMessage, StoreAccepted } from './queue-message.js';

/**
 * Accepts many messages at once: each is checked by itself, and what is wrong with one harms no other. They are stored in their
 * order, sharing commits.
 */
export function createQueueMessages({ accept, requireInstance }: Pick<ReturnType<typeof createQueueMessage>, 'accept' | 'requireInstance'>, keys: KeyedLock): GatewayUseCases['queueMessages'] {
  return async (instanceId, items) => {
    await requireInstance(instanceId);
    const names = items.flatMap(item => (item instanceof DomainError || item.options.idempotencyKey === undefined ? [] : [`${instanceId}/${item.options.idempotencyKey}`]));
    return keys.run(names, async () => {
      const accepted: (StoreAccepted | DomainError)[] = [];
      for (const item of items) accepted.push(item instanceof DomainError ? item : await refusable(() => accept(instanceId, item.request, item.options)));
      return Promise.all(accepted.map(async (entry): Promise<BulkAnswer> => {
        const answer = entry instanceof DomainError ? entry : await refusable(entry);
        if (answer instanceof DomainError) return { kind: 'refused', error: answer };
        // Only a repeat of a synchronous send has another kind of answer.
        return answer.kind === 'queued' ? answer : { kind: 'refused', error: sentBefore(answer.messageId) };
      }));
    });
  };
}

async function refusable<T>(work: () => Promise<T>): Promise<T | DomainError> {
  try {
    return await work();
  } catch (error) {
    if (isDomainError(error) && error.code !== 'internal_error') return error;
    throw error;
  }
}

function sentBefore(messageId: string): DomainError {
  return new DomainError('idempotency_key_reused', 'This idempotency key belongs to a message that was sent synchronously.', { field: 'idempotencyKey', details: { messageId } });
}
