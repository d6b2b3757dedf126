import type { GatewayUseCases } from '../gateway.js';
import type { WebhookUseCaseDeps } from './deps.js';
import { withoutSecret } from './input.js';
import { requireInstance, requireWebhook } from './require.js';

/** One webhook, without its secret. */
export function createGetWebhook({ instances, webhooks }: Pick<WebhookUseCaseDeps, 'instances' | 'webhooks'>): GatewayUseCases['getWebhook'] {
  return async (instanceId, webhookId) => {
    await requireInstance(instances, instanceId);
    return withoutSecret(await requireWebhook(webhooks, instanceId, webhookId));
  };
}
