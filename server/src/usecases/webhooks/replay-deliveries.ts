import type { DeliveryCursor } from '../../ports/message-store.js';
import type { GatewayUseCases } from '../gateway.js';
import type { WebhookUseCaseDeps } from './deps.js';
import { requireWebhook } from './require-webhook.js';

/** Rows that become pending in one transaction. */
const AT_ONCE = 500;

type Deps = Pick<WebhookUseCaseDeps, 'findInstance' | 'webhooks' | 'deliveries' | 'dispatcher' | 'clock'>;

/**
 * Sends again what was made in a range of time, up to now, and came to one end; each under its event id, in the order of its lane.
 * Goes forward in time, so that what is delivered meanwhile is not taken twice.
 */
export function createReplayDeliveries({ findInstance, webhooks, deliveries, dispatcher, clock }: Deps): GatewayUseCases['replayDeliveries'] {
  return async (instanceId, webhookId, { from, to, state = 'dead' }) => {
    await findInstance(instanceId);
    await requireWebhook(webhooks, instanceId, webhookId);
    const now = clock.now();
    const range = { ...(from === undefined ? {} : { from }), to: Math.min(to ?? Infinity, now + 1) };
    let replayed = 0;
    let cursor: DeliveryCursor | null = null;
    do {
      const page = await deliveries.replay(webhookId, { ...range, state, limit: AT_ONCE, ...(cursor && { cursor }) }, now);
      replayed += page.replayed;
      cursor = page.next;
    } while (cursor !== null);
    if (replayed > 0) dispatcher.wake(webhookId);
    return { replayed };
  };
}
