import type { GatewayUseCases } from '../gateway.js';
import type { WebhookUseCaseDeps } from './deps.js';
import { requireWebhook } from './require-webhook.js';

type Deps = Pick<WebhookUseCaseDeps, 'findInstance' | 'webhooks' | 'subscriptions' | 'dispatcher'>;

/** Removes a webhook for good, and with it what was still on its way to it. */
export function createDeleteWebhook({ findInstance, webhooks, subscriptions, dispatcher }: Deps): GatewayUseCases['deleteWebhook'] {
  return async (instanceId, webhookId) => {
    await findInstance(instanceId);
    await requireWebhook(webhooks, instanceId, webhookId);
    await webhooks.remove(instanceId, webhookId);
    subscriptions.invalidate(instanceId);
    dispatcher.wake(webhookId);
  };
}
