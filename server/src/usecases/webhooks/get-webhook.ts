import type { GatewayUseCases } from '../gateway.js';
import type { WebhookUseCaseDeps } from './deps.js';
import { requireWebhook } from './require-webhook.js';
import { showWebhook } from './show-webhook.js';

/** One webhook, without its secret. */
export function createGetWebhook({ findInstance, webhooks, dispatcher, clock }: Pick<WebhookUseCaseDeps, 'findInstance' | 'webhooks' | 'dispatcher' | 'clock'>): GatewayUseCases['getWebhook'] {
  return async (instanceId, webhookId) => {
    await findInstance(instanceId);
    return showWebhook(await requireWebhook(webhooks, instanceId, webhookId), dispatcher, clock.now());
  };
}
