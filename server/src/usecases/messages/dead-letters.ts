import { DomainError } from '../../domain/errors.js';
import { DEFAULT_EXPIRY_MS } from '../../domain/messages/message.js';
import type { Clock } from '../../ports/clock.js';
import type { Outbox } from '../../ports/message-store.js';
import type { MediaStash } from '../../ports/media-stash.js';
import type { SendQueue } from '../../ports/send-queue.js';
import type { GatewayUseCases } from '../gateway.js';
import type { InstanceLookup } from '../instances/find-instance.js';
import { viewQueued } from './repeat-send.js';

export interface DeadLetterParts {
  find: InstanceLookup;
  getMessage: GatewayUseCases['getMessage'];
  outbox: Pick<Outbox, 'deadLetters' | 'requeue' | 'discard'>;
  stash: Pick<MediaStash, 'remove'>;
  queue: Pick<SendQueue, 'announce'>;
  clock: Clock;
}

/** Messages that failed for good, for inspection: sent once more under the same id, or taken off the list. */
export function createDeadLetters({ find, getMessage, outbox, stash, queue, clock }: DeadLetterParts): Pick<GatewayUseCases, 'listDeadLetters' | 'retryDeadLetter' | 'discardDeadLetter'> {
  async function refuse(instanceId: string, messageId: string): Promise<never> {
    const { state } = await getMessage(instanceId, messageId);
    throw new DomainError('not_a_dead_letter', `The message is ${state ?? 'a received one'}, not a dead letter.`, {
      hint: 'Only failed messages that were not discarded can be retried or discarded.', details: { state },
    });
  }

  return {
    async listDeadLetters(instanceId, { limit, cursor }) {
      await find(instanceId);
      return outbox.deadLetters(instanceId, { limit, ...(cursor === undefined ? {} : { cursor }) });
    },
    async retryDeadLetter(instanceId, messageId) {
      await getMessage(instanceId, messageId);
      const now = clock.now();
      if (!await outbox.requeue(instanceId, messageId, { dueAt: now, expiresAt: now + DEFAULT_EXPIRY_MS })) return refuse(instanceId, messageId);
      // As it is before the queue hears of it.
      const answer = viewQueued({ ...await getMessage(instanceId, messageId), createdAt: now });
      void queue.announce(instanceId, [{ messageId, dueAt: now }]);
      return answer;
    },
    async discardDeadLetter(instanceId, messageId) {
      await getMessage(instanceId, messageId);
      if (!await outbox.discard(instanceId, messageId, clock.now())) await refuse(instanceId, messageId);
      await stash.remove(instanceId, messageId);
    },
  };
}
