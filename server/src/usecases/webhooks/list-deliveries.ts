import type { GatewayUseCases } from '../gateway.js';
import type { WebhookUseCaseDeps } from './deps.js';
import { requireWebhook } from './require-webhook.js';

type Deps = Pick<WebhookUseCaseDeps, 'findInstance' | 'webhooks' | 'deliveries'>;

/** Deliveries of a webhook, newest first, page by page. */
export function createListDeliveries({ findInstance, webhooks, deliveries }: Deps): GatewayUseCases['listDeliveries'] {
  return async (instanceId, webhookId, query) => {
    await findInstance(instanceId);
    await requireWebhook(webhooks, instanceId, webhookId);
    return deliveries.list(webhookId, query);
  };
}
