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
  enabled: boolean;
  createdAt: number;
  updatedAt: number;
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
  nextAttemptAt: number;
  lastStatus: number | null;
  lastError: string | null;
  createdAt: number;
  deliveredAt: number | null;
}

/** A delivery as it is made, before its first attempt. */
export type NewDelivery = Pick<Delivery, 'id' | 'webhookId' | 'instanceId' | 'eventId' | 'eventType' | 'lane' | 'body' | 'createdAt'>;
