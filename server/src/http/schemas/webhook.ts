import { Type } from 'typebox';
import { EVENT_TYPES } from '../../domain/events/event.js';
import { CHAT_TYPES, MAX_FILTER_CHATS } from '../../domain/webhooks/filter.js';
import { MAX_OVERLAP_MS } from '../../domain/webhooks/signing.js';
import { DELIVERY_STATES, MAX_INTERVAL_MS } from '../../domain/webhooks/webhook.js';
import { BREAKER_STATES } from '../../usecases/webhooks/receiver-breaker.js';
import { orNull, Ref, Time, Words } from './common.js';

const closed = { additionalProperties: false } as const;
// Types and documentation alone: domain/webhooks judges the values.
const Url = Type.String({ description: 'Where events are posted to: http or https, without a user name or password, up to 2,048 characters.', examples: ['https://example.com/hooks/whatsapp'] });
const Events = Type.Array(Words(EVENT_TYPES), { minItems: 1, description: 'Which events are posted.' });
const Secret = Type.String({ description: 'Signing secret: whsec_ followed by 24 to 64 random bytes in base64. One is made where it is missing.' });
const Headers = Type.Record(Type.String(), Type.String(), {
  description: 'Sent along with each event: up to 32 headers, such as Authorization. Those of the signature and of HTTP itself (webhook-*, Content-Type, Host and the like) belong to the gateway.',
});

const chatTypes = Type.Array(Words(CHAT_TYPES), { minItems: 1, description: 'Only chats of these kinds.' });
const chats = Type.Array(Type.String(), { minItems: 1, maxItems: MAX_FILTER_CHATS, description: 'Only these chats: phone numbers in any usual spelling, JIDs, or LIDs; up to 1,000.' });
const fromMe = Type.Boolean({ description: 'Only what this account wrote, acknowledgements of it too (true), or only what others wrote (false).' });
const filterProperties = { chatTypes: Type.Optional(chatTypes), chats: Type.Optional(chats), fromMe: Type.Optional(fromMe) };
const FilterSchema = Type.Object(filterProperties, { description: 'Which events of chats are posted. Missing where all are.' });
const Filter = orNull(Type.Object(filterProperties, {
  ...closed, description: 'Which events of chats are posted: those that meet everything that is given. Events of no chat, such as instance.status, always are. null: all.',
}));
const MinInterval = Type.Integer({ minimum: 0, maximum: MAX_INTERVAL_MS, description: 'Gap between the beginnings of two posts in milliseconds, up to 60,000; 0 unless told, 400 is good for a slow receiver.' });

export const CreateWebhook = Type.Object({
  url: Url,
  events: Events,
  secret: Type.Optional(Secret),
  headers: Type.Optional(Headers),
  filter: Type.Optional(Filter),
  minIntervalMs: Type.Optional(MinInterval),
}, { ...closed, examples: [{ url: 'https://example.com/hooks/whatsapp', events: ['message.received', 'message.ack'], filter: { chatTypes: ['direct'] } }] });

export const UpdateWebhook = Type.Object({
  url: Type.Optional(Url),
  events: Type.Optional(Events),
  secret: Type.Optional(Secret),
  headers: Type.Optional(Headers),
  filter: Type.Optional(Filter),
  minIntervalMs: Type.Optional(MinInterval),
  enabled: Type.Optional(Type.Boolean({ description: 'Whether events are posted at all.' })),
}, { ...closed, minProperties: 1, examples: [{ enabled: false }] });

export const RotateSecret = orNull(Type.Object({
  secret: Type.Optional(Secret),
  overlapSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: MAX_OVERLAP_MS / 1_000, description: 'How long the present secret signs as well, up to 604,800 (7 days); 86,400 unless told.' })),
}, { ...closed, examples: [{ overlapSeconds: 3_600 }] }));

const webhook = {
  id: Type.String(),
  instanceId: Type.String(),
  url: Type.String(),
  events: Type.Array(Words(EVENT_TYPES)),
  headers: Type.Record(Type.String(), Type.String()),
  filter: Type.Optional(FilterSchema),
  minIntervalMs: Type.Integer({ description: 'Gap between the beginnings of two posts, in milliseconds.' }),
  previousSecretUntil: Type.Optional(Time('After a rotation: until when the secret before signs as well.')),
  enabled: Type.Boolean(),
  breaker: Type.Object({
    state: Words(BREAKER_STATES, { description: 'CLOSED: events are posted. OPEN: the receiver failed too often in a row; nothing is posted for some minutes, and deliveries wait. HALF_OPEN: the next delivery tries.' }),
    since: Type.Optional(Time('Since when it has not been CLOSED.')),
    failures: Type.Integer({ description: 'Failed attempts in a row.' }),
  }, { description: 'The receiver\'s circuit breaker.' }),
  createdAt: Time('When it was made.'),
  updatedAt: Time('When it was changed last.'),
};

export const WebhookSchema = Type.Object(webhook, { $id: 'Webhook', description: 'A receiver of events.' });
export const CreatedWebhook = Type.Object({
  ...webhook,
  secret: Type.String({ description: 'The signing secret. It is shown this once.' }),
}, { $id: 'CreatedWebhook', description: 'A receiver of events, with its secret.' });
export const WebhookList = Type.Object({ webhooks: Type.Array(Ref(WebhookSchema)) }, { description: 'Webhooks' });

const From = Time('Only of events that happened at that time or later: ISO 8601, with a zone.');
const To = Time('Only of events that happened before that time.');

export const DeliverySchema = Type.Object({
  id: Type.String(),
  webhookId: Type.String(),
  eventId: Type.String({ description: 'Id of the event: the same over retries and replays.' }),
  eventType: Words(EVENT_TYPES),
  state: Words(DELIVERY_STATES, { description: 'pending, delivered, or dead: given up.' }),
  attempts: Type.Integer(),
  nextAttemptAt: Type.Optional(Time('When it is tried next.')),
  lastStatus: Type.Optional(Type.Integer({ description: 'HTTP status of the last attempt.' })),
  lastError: Type.Optional(Type.String({ description: 'What went wrong in the last attempt.' })),
  createdAt: Time('When the event happened.'),
  deliveredAt: Type.Optional(Time('When the receiver accepted it.')),
}, { $id: 'Delivery', description: 'One event on its way to one webhook.' });
export const DeliveryList = Type.Object({
  deliveries: Type.Array(Ref(DeliverySchema)),
  next: Type.Optional(Type.String({ description: 'Give this as `cursor` for the deliveries before these; missing at the end.' })),
}, { description: 'Deliveries, newest first.' });

export const ListDeliveriesQuery = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: 'How many, 1 to 200; 50 unless told.' })),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'The page after another: its `next`, unchanged. Missing for the newest.' })),
  state: Type.Optional(Words(DELIVERY_STATES, { description: 'Only those in this state.' })),
  from: Type.Optional(From),
  to: Type.Optional(To),
}, closed);

export const ReplayDeliveries = orNull(Type.Object({
  from: Type.Optional(From),
  to: Type.Optional(To),
  state: Type.Optional(Words(['dead', 'delivered'] as const, { description: 'Which ones: dead unless told otherwise.' })),
}, { ...closed, examples: [{ from: '2025-06-01T12:00:00Z', to: '2025-06-01T15:00:00Z' }] }));
export const ReplayedSchema = Type.Object({
  replayed: Type.Integer({ description: 'How many are on their way again.' }),
}, { description: 'What is posted again.' });
