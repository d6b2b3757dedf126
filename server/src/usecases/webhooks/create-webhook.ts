import { makeSecret } from '../../domain/webhooks/signing.js';
import type { GatewayUseCases } from '../gateway.js';
import type { WebhookUseCaseDeps } from './deps.js';
import { checkWebhook } from './input.js';

type Deps = Pick<WebhookUseCaseDeps, 'findInstance' | 'guard' | 'webhooks' | 'subscriptions' | 'dispatcher' | 'clock' | 'random'>;

/** Registers a receiver, enabled. The answer is the only one that holds the secret. */
export function createCreateWebhook({ findInstance, guard, webhooks, subscriptions, dispatcher, clock, random }: Deps): GatewayUseCases['createWebhook'] {
  return async (instanceId, input) => {
    await findInstance(instanceId);
    const { url = '', events = [], headers = {}, secret = makeSecret(random), filter = null, minIntervalMs = 0 } = checkWebhook(input, guard);
    const now = clock.now();
    const webhook = await webhooks.create({
      id: random.uuid(), instanceId, url, events, secret, headers, filter, minIntervalMs, previousSecret: null, enabled: true, createdAt: now, updatedAt: now,
    });
    subscriptions.invalidate(instanceId);
    return { ...webhook, breaker: dispatcher.breaker(webhook.id) };
  };
}
