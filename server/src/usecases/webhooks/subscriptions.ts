import type { GatewayEvent } from '../../domain/events/event.js';
import { passes, type ChatFacts } from '../../domain/webhooks/filter.js';
import type { NewDelivery, Webhook } from '../../domain/webhooks/webhook.js';
import type { Random } from '../../ports/clock.js';
import type { WebhookRepository } from '../../ports/repositories.js';

/** Lane of what belongs to no chat. Chat ids are JIDs, hence never this word. */
export const INSTANCE_LANE = 'instance';

export interface Subscriptions {
  /** The instance's webhooks, disabled ones included. */
  list(instanceId: string): Promise<readonly Webhook[]>;
  /** null when there is none (any more). */
  find(instanceId: string, webhookId: string): Promise<Webhook | null>;
  /**
   * One delivery for each enabled webhook that wants this type of event and whose filter lets it pass, to be written in the
   * same transaction as what caused the event.
   * @param lane the chat id for events of a chat, `INSTANCE_LANE` otherwise
   * @param about what filters judge by; null for events of no chat
   * @param now epoch milliseconds
   */
  deliveriesFor(event: GatewayEvent, lane: string, about: ChatFacts | null, now: number): Promise<NewDelivery[]>;
  /** To be called after every change of an instance's webhooks, wherever it was made. */
  invalidate(instanceId: string): void;
}

/**
 * The webhooks as the path that every message takes sees them: in memory, read from the repository at the first use
 * and after each change. Every write goes to the repository first and then invalidates, so nothing stale is kept.
 */
export function createSubscriptions({ webhooks, random }: { webhooks: Pick<WebhookRepository, 'list'>; random: Pick<Random, 'uuid'> }): Subscriptions {
  // Promises, so that readers who come during a read share it. One that was under way while a change was made is
  // dropped with the entry: only those who asked before the change still see its result.
  const loaded = new Map<string, Promise<readonly Webhook[]>>();

  function list(instanceId: string): Promise<readonly Webhook[]> {
    const known = loaded.get(instanceId);
    if (known !== undefined) return known;
    const reading = webhooks.list(instanceId);
    loaded.set(instanceId, reading);
    reading.catch(() => { if (loaded.get(instanceId) === reading) loaded.delete(instanceId); });
    return reading;
  }

  return {
    list,
    async find(instanceId, webhookId) {
      return (await list(instanceId)).find(webhook => webhook.id === webhookId) ?? null;
    },
    async deliveriesFor(event, lane, about, now) {
      const receivers = (await list(event.instanceId))
        .filter(webhook => webhook.enabled && webhook.events.includes(event.type) && passes(webhook.filter, about));
      if (receivers.length === 0) return [];
      const body = JSON.stringify(event);
      return receivers.map(webhook => ({
        id: random.uuid(), webhookId: webhook.id, instanceId: event.instanceId, eventId: event.id, eventType: event.type, lane, body, createdAt: now,
      }));
    },
    invalidate: instanceId => { loaded.delete(instanceId); },
  };
}
