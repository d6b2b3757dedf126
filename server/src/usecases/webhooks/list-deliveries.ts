import type { GatewayUseCases } from '../gateway.js';
import type { WebhookUseCaseDeps } from './deps.js';
import { requireWebhook } from './require-webhook.js';

type Deps = Pick<WebhookUseCaseDeps, 'findInstance' | 'webhooks' | 'deliveries'>;

/** Deliveries of a webhook, newest first. */
export function createListDeliveries({ findInstance, webhooks, deliveries }: Deps): GatewayUseCases['listDeliveries'] {
  return async (instanceId, webhookId, { limit, state }) => {
    await findInstance(instanceId);
    await requireWebhook(webhooks, instanceId, webhookId);
    return deliveries.list(webhookId, state === undefined ? { limit } : { limit, state });
  };
}
