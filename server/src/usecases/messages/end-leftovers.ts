import type { Tenure } from '../../domain/instances/tenure.js';
import type { MessageFailure } from '../../domain/messages/message.js';
import type { MessageStore } from '../../ports/message-store.js';
import type { MessageSettler } from './settle-message.js';

/** Why nobody can send a message any more. */
export type LeftBy = 'logged_out' | 'paired_anew' | 'instance_deleted';

const AT_ONCE = 500;

const SENTENCES: Record<LeftBy, string> = {
  logged_out: 'The account was unlinked before WhatsApp acknowledged the message.',
  paired_anew: 'The account was unlinked before WhatsApp acknowledged the message.',
  instance_deleted: 'The instance was deleted before WhatsApp acknowledged the message.',
};

/**
 * Ends the messages that an account leaves behind: they must not wait for the next connection, which may be that of another account. One
 * that did reach its recipient is still corrected by a receipt. What was queued after the account had gone belongs to the next one, and
 * stays when that is paired.
 */
export function createEndLeftovers({ messages, settler }: { messages: Pick<MessageStore, 'listUnfinished'>; settler: Pick<MessageSettler, 'fail'> }) {
  return async ({ instanceId, epoch }: Tenure, leftBy: LeftBy): Promise<void> => {
    const failure: MessageFailure = { code: leftBy === 'paired_anew' ? 'logged_out' : leftBy, message: SENTENCES[leftBy] };
    for (;;) {
      const unfinished = await messages.listUnfinished(instanceId, AT_ONCE);
      const leftovers = unfinished.filter(message => leftBy !== 'paired_anew' || message.state === 'sending');
      // Together, so that they share commits: whoever logs out waits for it.
      await Promise.all(leftovers.map(message => settler.fail(message, failure, epoch)));
      // What is being sent comes first, so that a page without any is the last that matters.
      if (unfinished.length < AT_ONCE || leftovers.length === 0) return;
    }
  };
}
