import type { GatewayUseCases } from '../gateway.js';
import type { WebhookUseCaseDeps } from './deps.js';
import { requireInstance, requireWebhook } from './require.js';

type Deps = Pick<WebhookUseCaseDeps, 'instances' | 'webhooks' | 'deliveries'>;

/** Deliveries of a webhook, newest first. */
export function createListDeliveries({ instances, webhooks, deliveries }: Deps): GatewayUseCases['listDeliveries'] {
  return async (instanceId, webhookId, { limit, state }) => {
    await requireInstance(instances, instanceId);
    await requireWebhook(webhooks, instanceId, webhookId);
    return deliveries.list(webhookId, state === undefined ? { limit } : { limit, state });
  };
}
