import type { GatewayUseCases } from '../gateway.js';
import type { WebhookUseCaseDeps } from './deps.js';
import { withoutSecret } from './input.js';

/** The webhooks of an instance, without their secrets. */
export function createListWebhooks({ findInstance, webhooks }: Pick<WebhookUseCaseDeps, 'findInstance' | 'webhooks'>): GatewayUseCases['listWebhooks'] {
  return async instanceId => {
    await findInstance(instanceId);
    return (await webhooks.list(instanceId)).map(withoutSecret);
  };
}
