import { DomainError, isDomainError } from '../../domain/errors.js';
import { IDEMPOTENCY_WINDOW_MS, type Idempotency, type StoredMessage } from '../../domain/messages/message.js';
import type { Clock } from '../../ports/clock.js';
import type { LeaseHolder } from '../../ports/leases.js';
import type { MessageStore } from '../../ports/message-store.js';
import type { SendAnswer } from '../gateway.js';
import { answerRepeat, answerSent, hintsFor, requireSameRequest } from '../messages/repeat-send.js';
import type { OwnerLookup } from './owner-lookup.js';
import { pause } from './pause.js';

const LOOK_EVERY_MS = 250;
/** WhatsApp's word comes within 30 s, if it comes. */
const LOOK_FOR_MS = 35_000;

export interface LostSendParts {
  messages: Pick<MessageStore, 'find' | 'findByKey'>;
  owners: Pick<OwnerLookup, 'of'>;
  clock: Clock;
}

/** A synchronous send whose answer was lost on its way. */
export interface LostSend {
  instanceId: string;
  messageId: string;
  idempotency: Idempotency | null;
  /** Who was asked to send it. */
  owner: LeaseHolder;
}

/**
 * Finds out what became of a send whose answer was lost, and answers as the owner would have: the row knows. It says that nothing was sent
 * only where that is certain: a later epoch has begun, under which the owner that was asked can write no row any more, and nothing leaves without one.
 */
export function createLostSends({ messages, owners, clock }: LostSendParts): (lost: LostSend) => Promise<SendAnswer> {
  return async lost => {
    const { instanceId, owner } = lost;
    const until = clock.elapsed() + LOOK_FOR_MS;
    for (;;) {
      const isOver = clock.elapsed() >= until;
      // Asked before the row is looked for: what is not there afterwards will not come.
      const successor = await orUnknown(owners.of(instanceId));
      const message = await orUnknown(rowOf(lost));
      if (message && (isOver || isDecided(message))) return answerOf(message, lost);
      if (message === null && successor && successor.epoch > owner.epoch) throw notSent(lost);
      if (isOver) throw notKnown(lost);
      await pause(clock, LOOK_EVERY_MS);
    }
  };

  async function rowOf({ instanceId, messageId, idempotency }: LostSend): Promise<StoredMessage | null> {
    const bound = idempotency && await messages.findByKey(instanceId, idempotency.key, clock.now() - IDEMPOTENCY_WINDOW_MS);
    return bound ?? await messages.find(instanceId, messageId);
  }
}

/** undefined while the store is away: it may be back before the time is over. */
async function orUnknown<T>(look: Promise<T>): Promise<T | undefined> {
  return look.catch((error: unknown) => {
    if (isDomainError(error) && error.code === 'store_unavailable') return undefined;
    throw error;
  });
}

function isDecided({ state, dueAt }: StoredMessage): boolean {
  return state !== 'sending' || dueAt !== null;
}

function answerOf(message: StoredMessage, { messageId, idempotency }: LostSend): SendAnswer {
  if (message.messageId !== messageId && idempotency) {
    requireSameRequest(message, idempotency.requestHash);
    return answerRepeat(message);
  }
  return answerSent(message, hintsFor(message));
}

function notSent({ messageId }: LostSend): DomainError {
  return new DomainError('owner_unreachable', 'The node that was to send the message is gone; nothing was sent.', {
    hint: 'Another node has taken its work over: send it again.', details: { messageId, sent: false },
  });
}

/** Whether this is what is answered where nothing was sent. */
export function wasNotSent(error: unknown): boolean {
  return isDomainError(error) && error.details['sent'] === false;
}

function notKnown({ instanceId, messageId, idempotency }: LostSend): DomainError {
  return new DomainError('owner_unreachable', 'The node that was to send the message did not answer; it is not known whether the message was sent.', {
    hint: idempotency
      ? 'Repeat this request with the same Idempotency-Key: the message goes out once at most.'
      : `Do not send it again blindly: if it was sent, GET /instances/${instanceId}/messages/${messageId} shows it.`,
    details: { messageId, sent: null },
  });
}
