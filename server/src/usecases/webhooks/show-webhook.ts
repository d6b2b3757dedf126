import type { Webhook } from '../../domain/webhooks/webhook.js';
import type { WebhookView } from '../gateway.js';
import type { DeliveryDispatcher } from './deliver-webhooks.js';

/**
 * The webhook as it is shown after it was made: secrets are shown once only, and are empty from then on; the one before only
 * while it signs.
 * @param now epoch milliseconds
 */
export function showWebhook(webhook: Webhook, dispatcher: Pick<DeliveryDispatcher, 'breaker'>, now: number): WebhookView {
  const { previousSecret } = webhook;
  const signs = previousSecret !== null && now < previousSecret.until;
  return { ...webhook, secret: '', previousSecret: signs ? { ...previousSecret, secret: '' } : null, breaker: dispatcher.breaker(webhook.id) };
}
