import { DomainError } from '../../domain/errors.js';
import type { GatewayUseCases } from '../gateway.js';
import type { WebhookUseCaseDeps } from './deps.js';
import { requireWebhook } from './require-webhook.js';

type Deps = Pick<WebhookUseCaseDeps, 'findInstance' | 'webhooks' | 'deliveries' | 'dispatcher' | 'clock'>;

/** Sends a delivery once more, whatever became of it, under the same event id. A disabled webhook's waits until it is enabled. */
export function createReplayDelivery({ findInstance, webhooks, deliveries, dispatcher, clock }: Deps): GatewayUseCases['replayDelivery'] {
  return async (instanceId, webhookId, deliveryId) => {
    await findInstance(instanceId);
    await requireWebhook(webhooks, instanceId, webhookId);
    const replayed = await deliveries.replayOne(webhookId, deliveryId, clock.now());
    if (replayed === null) {
      throw new DomainError('delivery_not_found', `This webhook has no delivery ${deliveryId}.`, { hint: 'List the deliveries of the webhook to see their ids.' });
    }
    dispatcher.wake(webhookId);
    return replayed;
  };
}
