import { DomainError } from '../../domain/errors.js';
import { checkSecret, DEFAULT_OVERLAP_MS, makeSecret, MAX_OVERLAP_MS } from '../../domain/webhooks/signing.js';
import type { GatewayUseCases } from '../gateway.js';
import type { WebhookUseCaseDeps } from './deps.js';
import { requireWebhook } from './require-webhook.js';
import { showWebhook } from './show-webhook.js';

type Deps = Pick<WebhookUseCaseDeps, 'findInstance' | 'webhooks' | 'deliveries' | 'subscriptions' | 'dispatcher' | 'clock' | 'random'>;

/**
 * Gives a webhook a new secret; the one before signs as well until the overlap is over, so that no receiver has to change at the
 * same moment. Asked again for the secret that it has, it leaves everything as it is: the call may be repeated.
 */
export function createRotateSecret({ findInstance, webhooks, deliveries, subscriptions, dispatcher, clock, random }: Deps): GatewayUseCases['rotateSecret'] {
  return async (instanceId, webhookId, { secret: given, overlapMs = DEFAULT_OVERLAP_MS }) => {
    await findInstance(instanceId);
    const webhook = await requireWebhook(webhooks, instanceId, webhookId);
    const secret = given === undefined ? makeSecret(random) : checkSecret(given);
    checkOverlap(overlapMs);
    if (secret === webhook.secret) return { ...showWebhook(webhook, dispatcher, clock.now()), secret };

    const now = clock.now();
    const previousSecret = overlapMs === 0 ? null : { secret: webhook.secret, until: now + overlapMs };
    const rotated = await webhooks.update(instanceId, webhookId, { secret, previousSecret }, now);
    subscriptions.invalidate(instanceId);
    // The new secret may be what the receiver was waiting for.
    await deliveries.bringForward(webhookId, clock.now());
    dispatcher.wake(webhookId);
    return { ...showWebhook(rotated, dispatcher, clock.now()), secret };
  };
}

function checkOverlap(ms: number): void {
  if (Number.isInteger(ms) && ms >= 0 && ms <= MAX_OVERLAP_MS) return;
  throw new DomainError('validation_failed', `The overlap is from 0 to ${MAX_OVERLAP_MS / 1_000} seconds.`, { field: 'overlapSeconds' });
}
