import { randomUUID } from 'node:crypto';
import type { DeliveryCursor, DeliveryPage, DeliveryQuery, DeliveryStore } from '@gateway/ports/message-store.js';
import type { WebhookRepository } from '@gateway/ports/repositories.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { delivery, NOW } from './support/samples';

export interface OpenDeliveryStore {
  deliveries: DeliveryStore;
  webhooks: WebhookRepository;
  /** Makes the instance `one` and webhooks of these ids. */
  seed(webhookIds: string[]): Promise<void>;
  close(): Promise<void>;
}

export function describeDeliveryStoreContract(name: string, open: () => Promise<OpenDeliveryStore>): void {
  describe(`delivery store: ${name}`, () => {
    let opened: OpenDeliveryStore;
    let deliveries: DeliveryStore;
    beforeEach(async () => {
      opened = await open();
      deliveries = opened.deliveries;
      await opened.seed(['hook', 'other']);
    });
    afterEach(() => opened.close());

    const due = async (now = NOW, query: Partial<Parameters<DeliveryStore['due']>[1]> = {}): Promise<string[]> =>
      (await deliveries.due(now, { limit: 100, perWebhook: 100, exclude: [], ...query })).map(({ id }) => id);
    const retryAt = (id: string, nextAttemptAt: number) => deliveries.settle(id, { state: 'pending', attempts: 1, at: NOW, nextAttemptAt, lastStatus: 500, lastError: null });
    const done = (id: string) => deliveries.settle(id, { state: 'delivered', attempts: 1, at: NOW + 1, lastStatus: 200 });

    it('keeps what it was given, pending and due at once', async () => {
      await deliveries.insert([delivery('d1', { body: '{"text":"ñ 🏃"}' })]);
      expect(await deliveries.find('hook', 'd1')).toEqual({
        ...delivery('d1', { body: '{"text":"ñ 🏃"}' }), state: 'pending', attempts: 0, nextAttemptAt: NOW, lastStatus: null, lastError: null, deliveredAt: null,
      });
      expect(await deliveries.find('other', 'd1')).toBeNull();
      expect(await deliveries.find('hook', 'd2')).toBeNull();
      expect(await due(NOW - 1)).toEqual([]);
      expect(await due()).toEqual(['d1']);
    });

    it('leaves existing (webhook, event) pairs and missing webhooks alone', async () => {
      await deliveries.insert([]);
      await deliveries.insert([delivery('d1', { eventId: 'e' })]);
      await deliveries.insert([delivery('d2', { eventId: 'e' }), delivery('d3', { eventId: 'e', webhookId: 'other' }), delivery('d4', { webhookId: 'gone' }), delivery('d5')]);
      expect((await deliveries.list('hook', { limit: 9 })).deliveries.map(({ id }) => id)).toEqual(['d5', 'd1']);
      expect((await deliveries.list('other', { limit: 9 })).deliveries.map(({ id }) => id)).toEqual(['d3']);
    });

    it('answers the oldest of each lane and keeps the order of insertion', async () => {
      // Inserted first counts as older, whatever the clock said.
      await deliveries.insert([delivery('a1', { lane: 'a' }), delivery('b1', { lane: 'b' }), delivery('a2', { lane: 'a', createdAt: NOW - 9 }), delivery('o1', { lane: 'a', webhookId: 'other' })]);
      expect((await due()).sort()).toEqual(['a1', 'b1', 'o1']);
      await done('a1');
      expect((await due()).sort()).toEqual(['a2', 'b1', 'o1']);
    });

    it('answers the next of the lane when one came to its end, due or not', async () => {
      await deliveries.insert([delivery('a1', { lane: 'a' }), delivery('b1', { lane: 'b' }), delivery('o1', { lane: 'a', webhookId: 'other' }), delivery('a2', { lane: 'a' }), delivery('a3', { lane: 'a' })]);
      await retryAt('a2', NOW + 50);
      expect(await retryAt('a1', NOW + 9)).toBeNull();
      expect(await done('a1')).toEqual(await deliveries.find('hook', 'a2'));
      expect((await deliveries.settle('a2', { state: 'dead', attempts: 9, at: NOW }))?.id).toBe('a3');
      expect(await done('a3')).toBeNull();
      expect(await done('o1')).toBeNull();
      expect(await done('gone')).toBeNull();
      expect(await due()).toEqual(['b1']);
    });

    it('lets a lane wait whose oldest is not due yet', async () => {
      await deliveries.insert([delivery('a1', { lane: 'a' }), delivery('a2', { lane: 'a' }), delivery('b1', { lane: 'b' })]);
      await retryAt('a1', NOW + 50);
      expect(await due()).toEqual(['b1']);
      expect(await due(NOW + 50)).toEqual(['b1', 'a1']);
      await deliveries.settle('a1', { state: 'dead', attempts: 9, at: NOW + 60, lastStatus: null, lastError: 'gave up' });
      expect(await due(NOW + 50)).toEqual(['a2', 'b1']);
    });

    it('says when something becomes due later', async () => {
      expect(await deliveries.nextDueAt(0)).toBeNull();
      await deliveries.insert([delivery('d1'), delivery('d2', { createdAt: NOW + 5 })]);
      expect(await deliveries.nextDueAt(NOW - 1)).toBe(NOW);
      expect(await deliveries.nextDueAt(NOW)).toBe(NOW + 5);
      expect(await deliveries.nextDueAt(NOW + 5)).toBeNull();
      await retryAt('d1', NOW + 70);
      expect(await deliveries.nextDueAt(NOW + 5)).toBe(NOW + 70);
      await done('d1');
      expect(await deliveries.nextDueAt(NOW + 5)).toBeNull();
    });

    it('shares its places: the first of every webhook before the second of any', async () => {
      await deliveries.insert(Array.from({ length: 300 }, (_, index) => delivery(`h${index}`, { lane: `lane ${index}` })));
      await deliveries.insert([delivery('o0', { webhookId: 'other', lane: 'x', createdAt: NOW + 1 }), delivery('o1', { webhookId: 'other', lane: 'y', createdAt: NOW + 2 })]);
      expect(await due(NOW + 9, { limit: 3 })).toEqual(['h0', 'o0', 'h1']);
      expect(await due(NOW + 9, { limit: 9, perWebhook: 1 })).toEqual(['h0', 'o0']);
      expect(await due(NOW + 9, { exclude: ['hook'] })).toEqual(['o0', 'o1']);
      expect(await due(NOW + 9, { exclude: ['hook', 'other', 'gone'] })).toEqual([]);
      expect(await due(NOW + 9, { limit: 1000, perWebhook: 1000 })).toHaveLength(302);
    });

    it('leaves webhooks out that are disabled, and takes removed ones away', async () => {
      await deliveries.insert([delivery('d1'), delivery('o1', { webhookId: 'other' })]);
      await opened.webhooks.update('one', 'hook', { enabled: false }, NOW);
      expect(await due()).toEqual(['o1']);
      await opened.webhooks.update('one', 'hook', { enabled: true }, NOW);
      await opened.webhooks.remove('one', 'other');
      expect(await due()).toEqual(['d1']);
      expect(await deliveries.find('other', 'o1')).toBeNull();
      await done('o1');
    });

    it('settles: what is said changes, what is not said stays', async () => {
      await deliveries.insert([delivery('d1'), delivery('d2')]);
      await deliveries.settle('d1', { state: 'pending', attempts: 1, at: NOW, nextAttemptAt: NOW + 5, lastStatus: 503, lastError: 'HTTP 503' });
      expect(await deliveries.find('hook', 'd1')).toMatchObject({ state: 'pending', attempts: 1, nextAttemptAt: NOW + 5, lastStatus: 503, lastError: 'HTTP 503', deliveredAt: null });
      await deliveries.settle('d1', { state: 'dead', attempts: 2, at: NOW + 6, lastStatus: null });
      expect(await deliveries.find('hook', 'd1')).toMatchObject({ state: 'dead', attempts: 2, nextAttemptAt: NOW + 6, lastStatus: null, lastError: 'HTTP 503', deliveredAt: null });
      await deliveries.replayOne('hook', 'd1', NOW + 6);
      await deliveries.settle('d1', { state: 'delivered', attempts: 3, at: NOW + 7, lastStatus: 204, lastError: null });
      expect(await deliveries.find('hook', 'd1')).toMatchObject({ state: 'delivered', attempts: 3, lastStatus: 204, lastError: null, deliveredAt: NOW + 7 });
      expect(await deliveries.find('hook', 'd2')).toMatchObject({ state: 'pending', attempts: 0 });
    });

    it('does not let a late word change what came to its end, nor hand out what follows a second time', async () => {
      await deliveries.insert([delivery('d1'), delivery('d2'), delivery('d3')]);
      expect((await done('d1'))?.id).toBe('d2');
      const end = await deliveries.find('hook', 'd1');
      expect(await retryAt('d1', NOW + 50)).toBeNull();
      expect(await deliveries.settle('d1', { state: 'dead', attempts: 9, at: NOW + 9, lastStatus: 500 })).toBeNull();
      expect(await done('d1')).toBeNull();
      expect(await deliveries.find('hook', 'd1')).toEqual(end);
    });

    it('replays one at its old place, whatever became of it', async () => {
      await deliveries.insert([delivery('d1'), delivery('d2')]);
      await deliveries.settle('d1', { state: 'dead', attempts: 9, at: NOW + 6, lastStatus: 500, lastError: 'no' });
      const fresh = { ...delivery('d1'), state: 'pending', attempts: 0, nextAttemptAt: NOW + 8, lastStatus: null, lastError: null, deliveredAt: null };
      expect(await deliveries.replayOne('hook', 'd1', NOW + 8)).toEqual(fresh);
      expect(await due(NOW + 8)).toEqual(['d1']);
      await done('d1');
      expect(await deliveries.replayOne('hook', 'd1', NOW + 8)).toEqual(fresh);
      expect(await deliveries.replayOne('hook', 'd1', NOW + 9)).toEqual({ ...fresh, nextAttemptAt: NOW + 9 });
      expect(await deliveries.replayOne('other', 'd1', NOW)).toBeNull();
      expect(await deliveries.replayOne('hook', 'gone', NOW)).toBeNull();
    });

    it('brings forward what waits for a later time, of one webhook, and leaves attempts and ends alone', async () => {
      await deliveries.insert([delivery('a1', { lane: 'a' }), delivery('a2', { lane: 'a' }), delivery('b1', { lane: 'b' }), delivery('c1', { lane: 'c' }), delivery('d1', { lane: 'd' }), delivery('o1', { webhookId: 'other' })]);
      await retryAt('a1', NOW + 500);
      await retryAt('b1', NOW + 3_600_000);
      await retryAt('o1', NOW + 500);
      await deliveries.settle('c1', { state: 'dead', attempts: 9, at: NOW, nextAttemptAt: NOW + 500 });
      await deliveries.settle('d1', { state: 'delivered', attempts: 1, at: NOW, nextAttemptAt: NOW + 500 });
      await deliveries.bringForward('hook', NOW + 10);
      expect(await due(NOW + 9)).toEqual([]);
      expect(await due(NOW + 10)).toEqual(['a1', 'b1']);
      expect(await deliveries.find('hook', 'b1')).toMatchObject({ state: 'pending', attempts: 1, nextAttemptAt: NOW + 10, lastStatus: 500 });
      expect(await deliveries.find('hook', 'a2')).toMatchObject({ nextAttemptAt: NOW });
      expect(await deliveries.find('hook', 'c1')).toMatchObject({ state: 'dead', nextAttemptAt: NOW + 500 });
      expect(await deliveries.find('hook', 'd1')).toMatchObject({ state: 'delivered', nextAttemptAt: NOW + 500 });
      expect(await deliveries.nextDueAt(NOW + 10)).toBe(NOW + 500);
      await deliveries.bringForward('gone', NOW);
    });

    it('lists newest first, by state', async () => {
      await deliveries.insert([delivery('d1'), delivery('d2'), delivery('d3', { createdAt: NOW + 1 })]);
      await done('d1');
      const ids = async (query: Parameters<DeliveryStore['list']>[1]): Promise<string[]> => (await deliveries.list('hook', query)).deliveries.map(({ id }) => id);
      expect(await ids({ limit: 10 })).toEqual(['d3', 'd2', 'd1']);
      expect(await ids({ limit: 2 })).toEqual(['d3', 'd2']);
      expect(await ids({ limit: 10, state: 'pending' })).toEqual(['d3', 'd2']);
      expect(await ids({ limit: 10, state: 'delivered' })).toEqual(['d1']);
      expect(await ids({ limit: 10, state: 'dead' })).toEqual([]);
    });

    it('lists page by page, also what was made at the same moment, and nothing moves when more comes in', async () => {
      await deliveries.insert([delivery('d0', { createdAt: NOW - 1 }), ...[1, 2, 3, 4].map(index => delivery(`d${index}`)), delivery('o1', { webhookId: 'other' }), delivery('d5', { createdAt: NOW + 1 })]);
      for (const id of ['d1', 'd2', 'd4']) await done(id);
      const walk = async (query: Partial<DeliveryQuery>): Promise<string[]> => {
        const seen: string[] = [];
        let cursor: DeliveryCursor | null = null;
        do {
          const page: DeliveryPage = await deliveries.list('hook', { ...query, limit: 2, ...(cursor && { cursor }) });
          expect(page.deliveries.length).toBeGreaterThan(0);
          seen.push(...page.deliveries.map(({ id }) => id));
          cursor = page.next;
          await deliveries.insert([delivery(`late ${randomUUID()}`, { createdAt: NOW + 9 })]);
        } while (cursor !== null);
        return seen;
      };
      expect(await walk({ to: NOW + 9 })).toEqual(['d5', 'd4', 'd3', 'd2', 'd1', 'd0']);
      expect(await walk({ to: NOW + 9, state: 'delivered' })).toEqual(['d4', 'd2', 'd1']);
      expect(await walk({ from: NOW, to: NOW + 1 })).toEqual(['d4', 'd3', 'd2', 'd1']);
      expect(await walk({ to: NOW })).toEqual(['d0']);
      expect(await walk({ from: NOW - 1, to: NOW + 1, state: 'pending' })).toEqual(['d3', 'd0']);
      expect(await deliveries.list('hook', { limit: 2, from: NOW + 100 })).toEqual({ deliveries: [], next: null });
      expect((await deliveries.list('hook', { limit: 2, to: NOW + 1 })).deliveries.map(({ id }) => id)).toEqual(['d4', 'd3']);
    });

    it('replays a range of one state, oldest first and at the old places, a page at a time', async () => {
      await deliveries.insert([...[1, 2, 3, 4].map(index => delivery(`d${index}`, { lane: 'a', createdAt: NOW + index })), delivery('o1', { webhookId: 'other' })]);
      for (const id of ['d1', 'd2', 'd3', 'o1']) await deliveries.settle(id, { state: 'dead', attempts: 9, at: NOW + 50, lastStatus: 500, lastError: 'no' });
      const first = await deliveries.replay('hook', { state: 'dead', limit: 2 }, NOW + 60);
      expect(first).toEqual({ replayed: 2, next: { createdAt: NOW + 2, seq: expect.any(Number) } });
      expect(await deliveries.find('hook', 'd1')).toMatchObject({ state: 'pending', attempts: 0, nextAttemptAt: NOW + 60, lastStatus: null, lastError: null, deliveredAt: null });
      expect(await due(NOW + 60)).toEqual(['d1']);
      // What was replayed and died again is behind the cursor.
      await deliveries.settle('d1', { state: 'dead', attempts: 1, at: NOW + 70 });
      expect(await deliveries.replay('hook', { state: 'dead', limit: 2, ...(first.next && { cursor: first.next }) }, NOW + 80)).toEqual({ replayed: 1, next: null });
      expect(await deliveries.find('hook', 'd1')).toMatchObject({ state: 'dead' });
      expect(await deliveries.find('other', 'o1')).toMatchObject({ state: 'dead' });
      expect(await due(NOW + 80)).toEqual(['d2']);
      expect((await done('d2'))?.id).toBe('d3');

      expect(await deliveries.replay('hook', { state: 'dead', limit: 9, from: NOW + 2 }, NOW)).toEqual({ replayed: 0, next: null });
      expect(await deliveries.replay('hook', { state: 'dead', limit: 9, to: NOW + 1 }, NOW)).toEqual({ replayed: 0, next: null });
      expect(await deliveries.replay('hook', { state: 'dead', limit: 9, from: NOW + 1, to: NOW + 2 }, NOW)).toEqual({ replayed: 1, next: null });
      expect(await deliveries.replay('hook', { state: 'delivered', limit: 9 }, NOW + 90)).toEqual({ replayed: 1, next: null });
      expect(await deliveries.find('hook', 'd2')).toMatchObject({ state: 'pending', deliveredAt: null });
    });

    it('prunes what came to its end long ago, a few at a time, and nothing that is pending or died lately', async () => {
      await deliveries.insert([
        ...[1, 2, 3].map(index => delivery(`old ${index}`)), delivery('dead'), delivery('died late'), delivery('waits'), delivery('young', { createdAt: NOW + 500 }),
        delivery('other', { webhookId: 'other' }), delivery('at the border', { createdAt: NOW + 100 }),
      ]);
      for (const id of ['old 1', 'old 2', 'old 3', 'young', 'other', 'at the border']) await done(id);
      await deliveries.settle('dead', { state: 'dead', attempts: 9, at: NOW + 50 });
      await deliveries.settle('died late', { state: 'dead', attempts: 9, at: NOW + 100 });
      expect([await deliveries.prune(NOW, 9), await deliveries.prune(NOW + 100, 3), await deliveries.prune(NOW + 100, 3), await deliveries.prune(NOW + 100, 3)]).toEqual([0, 3, 2, 0]);
      const left = async (id: string) => (await deliveries.list(id, { limit: 99 })).deliveries.map(row => row.id).sort();
      expect(await left('hook')).toEqual(['at the border', 'died late', 'waits', 'young']);
      expect(await left('other')).toEqual([]);
      expect(await deliveries.prune(NOW + 101, 9)).toBe(2);
      expect(await left('hook')).toEqual(['waits', 'young']);
    });

    it('removes everything of an instance, or of a webhook, a few at a time', async () => {
      await deliveries.insert([delivery('d1'), delivery('d2'), delivery('d3'), delivery('o1', { webhookId: 'other' }), delivery('o2', { webhookId: 'other' })]);
      await done('d1');
      expect([await deliveries.deleteOfWebhook('none', 9), await deliveries.deleteAll('none', 9)]).toEqual([0, 0]);
      expect([await deliveries.deleteOfWebhook('hook', 2), await deliveries.deleteOfWebhook('hook', 2), await deliveries.deleteOfWebhook('hook', 2)]).toEqual([2, 1, 0]);
      await deliveries.insert([delivery('d4')]);
      expect([await deliveries.deleteAll('one', 2), await deliveries.deleteAll('one', 2), await deliveries.deleteAll('one', 2)]).toEqual([2, 1, 0]);
      expect(await deliveries.nextDueAt(0)).toBeNull();
    });
  });
}
