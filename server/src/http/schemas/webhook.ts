import { Type } from 'typebox';
import { EVENT_TYPES } from '../../domain/events/event.js';
import { DELIVERY_STATES } from '../../domain/webhooks/webhook.js';
import { BREAKER_STATES } from '../../usecases/webhooks/receiver-breaker.js';
import { Ref, Time, Words } from './common.js';

const closed = { additionalProperties: false } as const;
// Types and documentation alone: domain/webhooks judges the values.
const Url = Type.String({ description: 'Where events are posted to: http or https, without a user name or password, up to 2,048 characters.', examples: ['https://example.com/hooks/whatsapp'] });
const Events = Type.Array(Words(EVENT_TYPES), { minItems: 1, description: 'Which events are posted.' });
const Secret = Type.String({ description: 'Signing secret: whsec_ followed by 24 to 64 random bytes in base64. One is made where it is missing.' });
const Headers = Type.Record(Type.String(), Type.String(), {
  description: 'Sent along with each event: up to 32 headers, such as Authorization. Those of the signature and of HTTP itself (webhook-*, Content-Type, Host and the like) belong to the gateway.',
});

export const CreateWebhook = Type.Object({
  url: Url,
  events: Events,
  secret: Type.Optional(Secret),
  headers: Type.Optional(Headers),
}, { ...closed, examples: [{ url: 'https://example.com/hooks/whatsapp', events: ['message.received', 'message.ack'] }] });

export const UpdateWebhook = Type.Object({
  url: Type.Optional(Url),
  events: Type.Optional(Events),
  secret: Type.Optional(Secret),
  headers: Type.Optional(Headers),
  enabled: Type.Optional(Type.Boolean({ description: 'Whether events are posted at all.' })),
}, { ...closed, minProperties: 1, examples: [{ enabled: false }] });

const webhook = {
  id: Type.String(),
  instanceId: Type.String(),
  url: Type.String(),
  events: Type.Array(Words(EVENT_TYPES)),
  headers: Type.Record(Type.String(), Type.String()),
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
export const DeliveryList = Type.Object({ deliveries: Type.Array(Ref(DeliverySchema)) }, { description: 'Deliveries, newest first.' });

export const ListDeliveriesQuery = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: 'How many, 1 to 200; 50 unless told.' })),
  state: Type.Optional(Words(DELIVERY_STATES, { description: 'Only those in this state.' })),
}, closed);
