import type { EventType } from '../../domain/events/event.js';
import type { Delivery, DeliveryState } from '../../domain/webhooks/webhook.js';
import type { Row } from './database.js';

/** The columns of a delivery, as `toDelivery` reads them. */
export const DELIVERY_COLUMNS = ['id', 'webhookId', 'instanceId', 'eventId', 'eventType', 'lane', 'body', 'state', 'attempts',
  'nextAttemptAt', 'lastStatus', 'lastError', 'createdAt', 'deliveredAt'] as const;

export function toDelivery(row: Row): Delivery {
  return {
    id: row.id as string,
    webhookId: row.webhookId as string,
    instanceId: row.instanceId as string,
    eventId: row.eventId as string,
    eventType: row.eventType as EventType,
    lane: row.lane as string,
    body: row.body as string,
    state: row.state as DeliveryState,
    attempts: row.attempts as number,
    nextAttemptAt: row.nextAttemptAt as number,
    lastStatus: row.lastStatus as number | null,
    lastError: row.lastError as string | null,
    createdAt: row.createdAt as number,
    deliveredAt: row.deliveredAt as number | null,
  };
}
