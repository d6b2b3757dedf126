import type { GatewayUseCases } from '../gateway.js';
import type { WebhookUseCaseDeps } from './deps.js';
import { withoutSecret } from './input.js';
import { requireWebhook } from './require-webhook.js';

/** One webhook, without its secret. */
export function createGetWebhook({ findInstance, webhooks }: Pick<WebhookUseCaseDeps, 'findInstance' | 'webhooks'>): GatewayUseCases['getWebhook'] {
  return async (instanceId, webhookId) => {
    await findInstance(instanceId);
    return withoutSecret(await requireWebhook(webhooks, instanceId, webhookId));
  };
}
