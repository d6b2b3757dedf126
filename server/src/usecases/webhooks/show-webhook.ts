import type { Webhook } from '../../domain/webhooks/webhook.js';
import type { WebhookView } from '../gateway.js';
import type { DeliveryDispatcher } from './deliver-webhooks.js';

/** The webhook as it is shown after it was made: secrets are shown once only, and are empty from then on. */
export function showWebhook(webhook: Webhook, dispatcher: Pick<DeliveryDispatcher, 'breaker'>): WebhookView {
  const { previousSecret } = webhook;
  return { ...webhook, secret: '', previousSecret: previousSecret && { ...previousSecret, secret: '' }, breaker: dispatcher.breaker(webhook.id) };
}
