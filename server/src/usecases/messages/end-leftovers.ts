import type { MessageFailure } from '../../domain/messages/message.js';
import type { MessageStore } from '../../ports/message-store.js';
import type { MessageSettler } from './settle-message.js';

/** Why nobody can send a message any more. */
export type LeftBy = 'logged_out' | 'instance_deleted';

const SENTENCES: Record<LeftBy, string> = {
  logged_out: 'The account was unlinked before WhatsApp acknowledged the message.',
  instance_deleted: 'The instance was deleted before WhatsApp acknowledged the message.',
};

/**
 * Ends the messages that an account leaves behind unacknowledged: they must not wait for the next connection, which may be that of
 * another account. One that did reach its recipient is still corrected by a receipt.
 */
export function createEndLeftovers({ messages, settler }: { messages: Pick<MessageStore, 'listUnacknowledged'>; settler: Pick<MessageSettler, 'fail'> }) {
  return async (instanceId: string, leftBy: LeftBy): Promise<void> => {
    const failure: MessageFailure = { code: leftBy, message: SENTENCES[leftBy] };
    for (const message of await messages.listUnacknowledged(instanceId)) await settler.fail(message, failure);
  };
}
