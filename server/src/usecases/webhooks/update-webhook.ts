import type { WebhookPatch } from '../../ports/repositories.js';
import type { GatewayUseCases } from '../gateway.js';
import type { WebhookUseCaseDeps } from './deps.js';
import { checkWebhook } from './input.js';
import { showWebhook } from './show-webhook.js';

type Deps = Pick<WebhookUseCaseDeps, 'findInstance' | 'guard' | 'webhooks' | 'deliveries' | 'subscriptions' | 'dispatcher' | 'clock'>;

/**
 * Changes what is given. What waited for a disabled webhook goes out once it is enabled, and what waits in back-off at
 * once where the change may have mended the webhook.
 */
export function createUpdateWebhook({ findInstance, guard, webhooks, deliveries, subscriptions, dispatcher, clock }: Deps): GatewayUseCases['updateWebhook'] {
  return async (instanceId, webhookId, input) => {
    await findInstance(instanceId);
    const patch = checkWebhook(input, guard);
    const webhook = await webhooks.update(instanceId, webhookId, patch, clock.now());
    subscriptions.invalidate(instanceId);
    if (mayMend(patch)) await deliveries.bringForward(webhookId, clock.now());
    dispatcher.wake(webhookId);
    return showWebhook(webhook, dispatcher, clock.now());
  };
}

function mayMend({ url, secret, headers, enabled }: WebhookPatch): boolean {
  return url !== undefined || secret !== undefined || headers !== undefined || enabled === true;
}
