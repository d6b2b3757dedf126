import { Type } from 'typebox';
import { MEDIA_KINDS } from '../../domain/messages/content.js';
import { ERROR_CODES } from '../../domain/errors.js';
import { MESSAGE_STATES } from '../../domain/messages/message.js';
import { Time, Words } from './common.js';

const closed = { additionalProperties: false } as const;

/** Kinds of messages that a bulk call takes. */
export const BULK_KINDS = ['text', 'location', ...MEDIA_KINDS] as const;
export const BULK_MAX = 1_000;

/** Each item is checked by itself, as the route of its kind would: what is wrong with one is its own answer. */
export const SendBulk = Type.Object({
  messages: Type.Array(
    Type.Object({
      type: Words(BULK_KINDS, { description: 'Kind of message; the other members are those of the route of that kind.' }),
      idempotencyKey: Type.Optional(Type.String({ description: 'A key of your own for this message, as the header Idempotency-Key.' })),
    }, { additionalProperties: true }),
    { minItems: 1, maxItems: BULK_MAX, description: `1 to ${BULK_MAX} messages. They go out in this order.` },
  ),
}, {
  ...closed,
  examples: [{ messages: [{ type: 'text', to: '+1 555 000 2222', text: 'Hello' }, { type: 'location', to: '+1 555 000 3333', latitude: -13.5167, longitude: -71.9781 }] }],
});

export const BulkItemSchema = Type.Object({
  index: Type.Integer({ description: 'Its place in the request, from 0.' }),
  status: Type.Unsafe<string>({ type: 'string', enum: [...MESSAGE_STATES, 'refused'], description: 'queued; refused: nothing was stored; or how far it has come, where it repeats an earlier one.' }),
  messageId: Type.Optional(Type.String()),
  correlationId: Type.Optional(Type.String()),
  queueId: Type.Optional(Type.String()),
  scheduledAt: Type.Optional(Time('When it is due, if that was asked for.')),
  expiresAt: Type.Optional(Time('What could not be sent by then fails.')),
  error: Type.Optional(Type.Object({
    code: Words(ERROR_CODES), detail: Type.String(), field: Type.Optional(Type.String()), hint: Type.Optional(Type.String()),
  }, { description: 'Why it was refused.' })),
}, { $id: 'BulkItem', description: 'What became of one message of a bulk call.' });

export const BulkAnswerSchema = Type.Object({
  accepted: Type.Integer({ description: 'How many are on disk.' }),
  refused: Type.Integer({ description: 'How many were not stored.' }),
  messages: Type.Array(Type.Unsafe<object>({ $ref: 'BulkItem#' })),
}, { description: 'One answer per message, in the order of the request.' });
