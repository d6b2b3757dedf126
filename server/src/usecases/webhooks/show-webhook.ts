import type { Webhook } from '../../domain/webhooks/webhook.js';
import type { WebhookView } from '../gateway.js';
import type { DeliveryDispatcher } from './deliver-webhooks.js';

/** The webhook as it is shown after it was made: the secret is shown once only, and is empty from then on. */
export function showWebhook(webhook: Webhook, dispatcher: Pick<DeliveryDispatcher, 'breaker'>): WebhookView {
  return { ...webhook, secret: '', breaker: dispatcher.breaker(webhook.id) };
}
