import type { Static } from 'typebox';
import type { Delivery } from '../../domain/webhooks/webhook.js';
import type { WebhookView } from '../../usecases/gateway.js';
import type { DeliverySchema, WebhookSchema } from '../schemas/webhook.js';
import { iso, maybeIso } from './time.js';

/** A webhook without its secret. */
export function viewWebhook(webhook: WebhookView): Static<typeof WebhookSchema> {
  const { id, instanceId, url, events, headers, filter, minIntervalMs, previousSecret, enabled, breaker } = webhook;
  return {
    id, instanceId, url, events, headers,
    ...(filter === null ? {} : { filter }),
    minIntervalMs,
    ...maybeIso('previousSecretUntil', previousSecret?.until ?? null),
    enabled,
    breaker: { state: breaker.state, ...maybeIso('since', breaker.since), failures: breaker.failures },
    createdAt: iso(webhook.createdAt), updatedAt: iso(webhook.updatedAt),
  };
}

export function viewDelivery(delivery: Delivery): Static<typeof DeliverySchema> {
  const { id, webhookId, eventId, eventType, state, attempts } = delivery;
  return {
    id, webhookId, eventId, eventType, state, attempts,
    ...maybeIso('nextAttemptAt', state === 'pending' ? delivery.nextAttemptAt : null),
    ...(delivery.lastStatus === null ? {} : { lastStatus: delivery.lastStatus }),
    ...(delivery.lastError === null ? {} : { lastError: delivery.lastError }),
    createdAt: iso(delivery.createdAt),
    ...maybeIso('deliveredAt', delivery.deliveredAt),
  };
}
