import type { EventType } from '../events/event.js';

/** A receiver of events. */
export interface Webhook {
  id: string;
  instanceId: string;
  url: string;
  events: EventType[];
  /** Standard Webhooks secret, `whsec_` + base64; shown once, when made. */
  secret: string;
  /** Sent along with each request. */
  headers: Record<string, string>;
  /** null lets every event of `events` through. */
  filter: WebhookFilter | null;
  /** Gap between the beginnings of two posts, milliseconds; 0 for none (requirement B1). */
  minIntervalMs: number;
  /** After a rotation: the secret before, and until when it signs as well (epoch milliseconds). */
  previousSecret: { secret: string; until: number } | null;
  enabled: boolean;
  createdAt: number;
  updatedAt: number;
}

/** The longest gap that a webhook may ask for: a minute, so that a mistake does not look like a loss. */
export const MAX_INTERVAL_MS = 60_000;

/** Which events of a chat a webhook wants; events of no chat (instance status, QR) always pass. What is missing does not filter. */
export interface WebhookFilter {
  /** Kinds of chats. */
  chatTypes?: ('direct' | 'group')[];
  /** Phone numbers (digits), JIDs or LIDs of chats; one of them must be the event's chat. */
  chats?: string[];
  /** Only what this account wrote (acknowledgements of it, too), or only what others wrote. */
  fromMe?: boolean;
}

export const DELIVERY_STATES = ['pending', 'delivered', 'dead'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** One event on its way to one webhook: a durable row. Times are epoch milliseconds. */
export interface Delivery {
  id: string;
  webhookId: string;
  instanceId: string;
  eventId: string;
  eventType: EventType;
  /** Deliveries of one lane (a chat, or the instance's own events) arrive in the order they happened. */
  lane: string;
  /** The exact bytes that are signed and sent, as JSON text. */
  body: string;
  state: DeliveryState;
  attempts: number;
  /** Of a dead one: when it died. */
  nextAttemptAt: number;
  lastStatus: number | null;
  lastError: string | null;
  createdAt: number;
  deliveredAt: number | null;
}

/** A delivery as it is made, before its first attempt. */
export type NewDelivery = Pick<Delivery, 'id' | 'webhookId' | 'instanceId' | 'eventId' | 'eventType' | 'lane' | 'body' | 'createdAt'>;
