import type { DeliveryStore, MessageStore, Outbox } from '@gateway/ports/message-store.js';
import type { StoreStats } from '@gateway/ports/store-stats.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { delivery, incoming, NOW, outgoing } from './support/samples';

export interface OpenStoreStats {
  stats: StoreStats;
  messages: MessageStore;
  outbox: Outbox;
  deliveries: DeliveryStore;
  /** Makes the instance `one` and webhooks of these ids; `one` and `two` are this process's own. */
  seed(webhookIds: string[]): Promise<void>;
  close(): Promise<void>;
}

export function describeStoreStatsContract(name: string, open: () => Promise<OpenStoreStats>): void {
  describe(`store stats: ${name}`, () => {
    let opened: OpenStoreStats;
    beforeEach(async () => { opened = await open(); });
    afterEach(() => opened.close());

    it('answer, and count nothing where nothing is', async () => {
      await opened.stats.ping();
      expect(await opened.stats.work(NOW)).toEqual({ queues: [], sending: 0, deadMessages: 0, pendingDeliveries: 0, firstDeliveryAt: null, deadDeliveries: 0 });
    });

    it('count what waits, and what was given up', async () => {
      const { stats, messages, outbox, deliveries } = opened;
      await opened.seed(['hook', 'other']);
      const queued = (id: string, instanceId: string, dueAt: number) => messages.insertOutgoing(outgoing(id, { instanceId, dueAt, expiresAt: NOW + 9_000 }));
      await queued('a', 'one', NOW - 50);
      await queued('b', 'one', NOW);
      await queued('c', 'one', NOW + 1);
      await queued('d', 'two', NOW + 70);
      await messages.insertOutgoing(outgoing('e', { state: 'sending' }));
      for (const id of ['f', 'g']) await messages.insertOutgoing(outgoing(id, { state: 'failed' }));
      await outbox.discard('one', 'g', NOW);
      await messages.insertOutgoing(outgoing('h', { state: 'sent' }));
      await messages.recordIncoming(incoming('i'), []);
      await deliveries.insert(['1', '2', '3', '4', '5'].map(id => delivery(id, id === '5' ? { webhookId: 'other' } : {})));
      for (const id of ['1', '5']) await deliveries.settle(id, { state: 'dead', attempts: 1, at: NOW });
      await deliveries.settle('2', { state: 'delivered', attempts: 1, at: NOW });
      await deliveries.settle('3', { state: 'pending', attempts: 1, at: NOW, nextAttemptAt: NOW + 30 });
      const work = await stats.work(NOW);
      expect(work.queues.toSorted((a, b) => a.instanceId.localeCompare(b.instanceId))).toEqual([
        { instanceId: 'one', queued: 3, due: 2, firstDueAt: NOW - 50 }, { instanceId: 'two', queued: 1, due: 0, firstDueAt: NOW + 70 },
      ]);
      expect(work).toMatchObject({ sending: 1, deadMessages: 1, pendingDeliveries: 2, firstDeliveryAt: NOW, deadDeliveries: 2 });
    });
  });
}
