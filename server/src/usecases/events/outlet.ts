import { makeEvent, type EventFact } from '../../domain/events/event.js';
import type { ChatFacts } from '../../domain/webhooks/filter.js';
import type { NewDelivery } from '../../domain/webhooks/webhook.js';
import type { Clock } from '../../ports/clock.js';
import type { DeliveryStore } from '../../ports/message-store.js';
import { INSTANCE_LANE, type Subscriptions } from '../webhooks/subscriptions.js';

export interface Outlet {
  /**
   * The deliveries that a fact about a chat makes, to be written together with what caused it.
   * @param identity what makes the fact unique within its instance and type
   * @param chatId events of one chat arrive in order
   * @param about what the filters of webhooks judge by
   */
  prepare(instanceId: string, fact: EventFact, identity: string[], chatId: string, about: ChatFacts): Promise<NewDelivery[]>;
  /** Writes the deliveries of a fact that nothing else stores, and sends them on their way. */
  publish(instanceId: string, fact: EventFact, identity: string[]): Promise<void>;
  /** Says that deliveries were written. */
  wake(): void;
}

export interface OutletParts {
  subscriptions: Pick<Subscriptions, 'deliveriesFor'>;
  deliveries: Pick<DeliveryStore, 'insert'>;
  wake: () => void;
  clock: Clock;
}

/** Where facts become events and events become webhook deliveries. */
export function createOutlet({ subscriptions, deliveries, wake, clock }: OutletParts): Outlet {
  async function deliveriesOf(instanceId: string, fact: EventFact, identity: string[], lane: string, about: ChatFacts | null): Promise<NewDelivery[]> {
    const now = clock.now();
    return subscriptions.deliveriesFor(makeEvent(instanceId, fact, identity, now), lane, about, now);
  }

  return {
    prepare: deliveriesOf,
    async publish(instanceId, fact, identity) {
      const rows = await deliveriesOf(instanceId, fact, identity, INSTANCE_LANE, null);
      if (rows.length === 0) return;
      await deliveries.insert(rows);
      wake();
    },
    wake,
  };
}
