import type { GatewayUseCases } from '../gateway.js';
import { createCreateWebhook } from './create-webhook.js';
import { createDeleteWebhook } from './delete-webhook.js';
import type { WebhookUseCaseDeps } from './deps.js';
import { createGetWebhook } from './get-webhook.js';
import { createListDeliveries } from './list-deliveries.js';
import { createListWebhooks } from './list-webhooks.js';
import { createReplayDelivery } from './replay-delivery.js';
import { createUpdateWebhook } from './update-webhook.js';

export type WebhookUseCases = Pick<GatewayUseCases,
  'createWebhook' | 'listWebhooks' | 'getWebhook' | 'updateWebhook' | 'deleteWebhook' | 'listDeliveries' | 'replayDelivery'>;

/** All verbs of webhooks, for the composition root. */
export function createWebhookUseCases(deps: WebhookUseCaseDeps): WebhookUseCases {
  return {
    createWebhook: createCreateWebhook(deps),
    listWebhooks: createListWebhooks(deps),
    getWebhook: createGetWebhook(deps),
    updateWebhook: createUpdateWebhook(deps),
    deleteWebhook: createDeleteWebhook(deps),
    listDeliveries: createListDeliveries(deps),
    replayDelivery: createReplayDelivery(deps),
  };
}
