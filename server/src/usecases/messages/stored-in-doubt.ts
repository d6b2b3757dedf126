import { DomainError, isStoreAway } from '../../domain/errors.js';
import type { StoredMessage } from '../../domain/messages/message.js';

/**
 * The failure of storing a message, for whoever wanted to send it. Where nobody knows whether it was stored, and so will go out, it names the
 * message: to be looked for before it is sent again.
 */
export function storingFailed(error: unknown, { instanceId, messageId, idempotency }: Pick<StoredMessage, 'instanceId' | 'messageId' | 'idempotency'>): unknown {
  if (!isStoreAway(error) || error.details['stored'] !== null) return error;
  return new DomainError('store_unavailable', 'The connection to the database was lost while the message was stored; it may go out all the same.', {
    hint: idempotency
      ? 'Repeat this request with the same Idempotency-Key: the message goes out once at most.'
      : `Do not send it again blindly: if it was stored, GET /instances/${instanceId}/messages/${messageId} shows it.`,
    details: { ...error.details, messageId }, cause: error,
  });
}
