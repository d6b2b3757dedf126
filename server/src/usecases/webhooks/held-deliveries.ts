import type { Delivery } from '../../domain/webhooks/webhook.js';

/** Rows that were read ahead and wait for a place, one per lane, the first of its lane each. */
export interface HeldDeliveries {
  add(delivery: Delivery): void;
  hasAny(webhookId: string): boolean;
  webhookIds(): string[];
  /** The next row of the first webhook that may enter; webhooks take turns. null when none may. */
  take(mayEnter: (webhookId: string) => boolean): Delivery | null;
  /** Forgets a webhook's rows; they are still in the store. */
  drop(webhookId: string): void;
  /** The same for an instance's. */
  dropInstance(instanceId: string): void;
  clear(): void;
}

export function createHeldDeliveries(): HeldDeliveries {
  // In the order of their turns; lanes in the order in which they became due.
  const byWebhook = new Map<string, Map<string, Delivery>>();

  return {
    add(delivery) {
      const rows = byWebhook.get(delivery.webhookId) ?? new Map<string, Delivery>();
      byWebhook.set(delivery.webhookId, rows.set(delivery.lane, delivery));
    },
    hasAny: webhookId => byWebhook.has(webhookId),
    webhookIds: () => [...byWebhook.keys()],
    take(mayEnter) {
      for (const [webhookId, rows] of byWebhook) {
        const [first] = rows.values();
        if (first === undefined || !mayEnter(webhookId)) continue;
        rows.delete(first.lane);
        byWebhook.delete(webhookId);
        if (rows.size > 0) byWebhook.set(webhookId, rows);
        return first;
      }
      return null;
    },
    drop: webhookId => { byWebhook.delete(webhookId); },
    dropInstance(instanceId) {
      for (const [webhookId, rows] of byWebhook) if ([...rows.values()].some(row => row.instanceId === instanceId)) byWebhook.delete(webhookId);
    },
    clear: () => byWebhook.clear(),
  };
}
