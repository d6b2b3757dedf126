import type { GatewayUseCases } from '../gateway.js';
import type { WebhookUseCaseDeps } from './deps.js';
import { checkWebhook } from './input.js';
import { showWebhook } from './show-webhook.js';

type Deps = Pick<WebhookUseCaseDeps, 'findInstance' | 'webhooks' | 'subscriptions' | 'dispatcher' | 'clock'>;

/** Changes what is given. What waited for a disabled webhook goes out once it is enabled. */
export function createUpdateWebhook({ findInstance, webhooks, subscriptions, dispatcher, clock }: Deps): GatewayUseCases['updateWebhook'] {
  return async (instanceId, webhookId, input) => {
    await findInstance(instanceId);
    const webhook = await webhooks.update(instanceId, webhookId, checkWebhook(input), clock.now());
    subscriptions.invalidate(instanceId);
    dispatcher.wake(webhookId);
    return showWebhook(webhook, dispatcher);
  };
}
