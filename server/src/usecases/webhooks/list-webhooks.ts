import type { GatewayUseCases } from '../gateway.js';
import type { WebhookUseCaseDeps } from './deps.js';
import { showWebhook } from './show-webhook.js';

/** The webhooks of an instance, without their secrets. */
export function createListWebhooks({ findInstance, webhooks, dispatcher, clock }: Pick<WebhookUseCaseDeps, 'findInstance' | 'webhooks' | 'dispatcher' | 'clock'>): GatewayUseCases['listWebhooks'] {
  return async instanceId => {
    await findInstance(instanceId);
    return (await webhooks.list(instanceId)).map(webhook => showWebhook(webhook, dispatcher, clock.now()));
  };
}
