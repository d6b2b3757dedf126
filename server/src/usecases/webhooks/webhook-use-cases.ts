import type { GatewayUseCases } from '../gateway.js';
import type { InstanceRepository } from '../../ports/repositories.js';
import { createInstanceLookup } from '../instances/find-instance.js';
import { createCreateWebhook } from './create-webhook.js';
import { createDeleteWebhook } from './delete-webhook.js';
import type { WebhookUseCaseDeps } from './deps.js';
import { createGetWebhook } from './get-webhook.js';
import { createListDeliveries } from './list-deliveries.js';
import { createListWebhooks } from './list-webhooks.js';
import { createReplayDeliveries } from './replay-deliveries.js';
import { createReplayDelivery } from './replay-delivery.js';
import { createRotateSecret } from './rotate-secret.js';
import { createUpdateWebhook } from './update-webhook.js';

export type WebhookUseCases = Pick<GatewayUseCases,
  'createWebhook' | 'listWebhooks' | 'getWebhook' | 'updateWebhook' | 'deleteWebhook' | 'rotateSecret' | 'listDeliveries' | 'replayDelivery' | 'replayDeliveries'>;

export type WebhookUseCasesParts = Omit<WebhookUseCaseDeps, 'findInstance'> & { instances: Pick<InstanceRepository, 'find'> };

/** All verbs of webhooks, for the composition root. */
export function createWebhookUseCases({ instances, ...parts }: WebhookUseCasesParts): WebhookUseCases {
  const deps = { ...parts, findInstance: createInstanceLookup(instances) };
  return {
    createWebhook: createCreateWebhook(deps),
    listWebhooks: createListWebhooks(deps),
    getWebhook: createGetWebhook(deps),
    updateWebhook: createUpdateWebhook(deps),
    deleteWebhook: createDeleteWebhook(deps),
    listDeliveries: createListDeliveries(deps),
    rotateSecret: createRotateSecret(deps),
    replayDelivery: createReplayDelivery(deps),
    replayDeliveries: createReplayDeliveries(deps),
  };
}
