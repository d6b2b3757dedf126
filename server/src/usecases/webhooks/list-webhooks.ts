import type { GatewayUseCases } from '../gateway.js';
import type { WebhookUseCaseDeps } from './deps.js';
import { withoutSecret } from './input.js';
import { requireInstance } from './require.js';

/** The webhooks of an instance, without their secrets. */
export function createListWebhooks({ instances, webhooks }: Pick<WebhookUseCaseDeps, 'instances' | 'webhooks'>): GatewayUseCases['listWebhooks'] {
  return async instanceId => {
    await requireInstance(instances, instanceId);
    return (await webhooks.list(instanceId)).map(withoutSecret);
  };
}
