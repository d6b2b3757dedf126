import type { EventType } from '../../domain/events/event.js';
import type { Delivery, DeliveryState, NewDelivery } from '../../domain/webhooks/webhook.js';
import type { Row, Statement } from './database-protocol.js';

// A webhook may be removed at this very moment; its deliveries are then left out instead of undoing what caused them.
const INSERT = `INSERT INTO Delivery (id, webhookId, instanceId, eventId, eventType, lane, body, state, attempts, nextAttemptAt, createdAt)
  SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, 'pending', 0, ?8, ?8 WHERE EXISTS (SELECT 1 FROM Webhook WHERE id = ?2)
  ON CONFLICT (webhookId, eventId) DO NOTHING`;

/** Writes a delivery unless its webhook is gone or has this event already. Due at once. */
export function insertDelivery(delivery: NewDelivery): Statement {
  const { id, webhookId, instanceId, eventId, eventType, lane, body, createdAt } = delivery;
  return { sql: INSERT, params: [id, webhookId, instanceId, eventId, eventType, lane, body, createdAt] };
}

export const DELIVERY_COLUMNS = ['id', 'webhookId', 'instanceId', 'eventId', 'eventType', 'lane', 'body', 'state', 'attempts',
  'nextAttemptAt', 'lastStatus', 'lastError', 'createdAt', 'deliveredAt'].map(name => `d.${name}`).join(', ');

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
