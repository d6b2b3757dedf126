import { isDomainError } from '../../domain/errors.js';
import type { StoredMessage } from '../../domain/messages/message.js';
import type { Clock } from '../../ports/clock.js';
import type { MessageStore } from '../../ports/message-store.js';
import type { Acknowledgements } from './acknowledgements.js';

const LOOK_EVERY_MS = 250;

export interface LeftSendParts {
  messages: Pick<MessageStore, 'find'>;
  acknowledgements: Pick<Acknowledgements, 'hasGivenUp'>;
  clock: Clock;
}

/**
 * The row of a message on its way, whose instance was left to another node: that one hears WhatsApp's word, and notes it there. Looks until it did,
 * `until` (by `clock.elapsed()`), or the end of the process; null where the store cannot be reached.
 */
export async function findWhereItWasLeft({ messages, acknowledgements, clock }: LeftSendParts, { instanceId, messageId }: Pick<StoredMessage, 'instanceId' | 'messageId'>, until: number): Promise<StoredMessage | null> {
  for (;;) {
    const message = await messages.find(instanceId, messageId).catch((error: unknown) => {
      if (isDomainError(error) && error.code === 'store_unavailable') return null;
      throw error;
    });
    const isDecided = message !== null && message.state !== 'sending';
    if (isDecided || clock.elapsed() >= until || acknowledgements.hasGivenUp()) return message;
    await new Promise<void>(resolve => { clock.after(LOOK_EVERY_MS, resolve); });
  }
}
