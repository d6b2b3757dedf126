import type { GatewayUseCases } from '../gateway.js';
import type { WebhookUseCaseDeps } from './deps.js';

/** Rows removed in one transaction: a webhook may have millions, and nothing else is written meanwhile. */
const AT_ONCE = 500;

type Deps = Pick<WebhookUseCaseDeps, 'findInstance' | 'webhooks' | 'deliveries' | 'subscriptions' | 'dispatcher' | 'clock'>;

/** Removes a webhook for good, and with it what was still on its way to it. It is disabled first, so that nothing new is made for it. */
export function createDeleteWebhook({ findInstance, webhooks, deliveries, subscriptions, dispatcher, clock }: Deps): GatewayUseCases['deleteWebhook'] {
  return async (instanceId, webhookId) => {
    await findInstance(instanceId);
    await webhooks.update(instanceId, webhookId, { enabled: false }, clock.now());
    subscriptions.invalidate(instanceId);
    while (await deliveries.deleteOfWebhook(webhookId, AT_ONCE) > 0);
    await webhooks.remove(instanceId, webhookId);
    subscriptions.invalidate(instanceId);
    dispatcher.wake(webhookId);
  };
}
