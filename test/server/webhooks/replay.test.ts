import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestClock, type TestClock } from '../../support/test-clock.js';
import { until } from '../../support/until.js';
import { createWebhookRig, INSTANCE, textsOf, type WebhookRig } from '../../support/webhook-rig.js';

const HOUR = 3_600_000;
let clock: TestClock;
let rig: WebhookRig;

beforeEach(async () => {
  clock = createTestClock();
  rig = await createWebhookRig({ clock });
});
afterEach(() => rig.close());

const states = async (webhookId: string) => {
  const rows = await rig.rows(webhookId, { limit: 10_000 });
  return Object.fromEntries(['pending', 'delivered', 'dead'].map(state => [state, rows.filter(row => row.state === state).length]));
};

/** A webhook with one delivery a minute, all of them dead; the first was made at the time answered. */
async function graveyard(count: number, chats = 3) {
  const { receiver, webhook } = await rig.receiver();
  const first = clock.now();
  for (let index = 0; index < count; index++) {
    await rig.arrive(`chat-${index % chats}`);
    if (index < count - 1) await clock.advance(60_000);
  }
  for (const row of await rig.rows(webhook.id, { limit: count })) await rig.store.deliveries.settle(row.id, { state: 'dead', attempts: 31, at: clock.now(), lastStatus: 500, lastError: 'no' });
  return { receiver, webhook, first };
}

describe('replaying a range', () => {
  it('brings all dead deliveries, in the order of each chat and under their ids', async () => {
    const { receiver, webhook } = await graveyard(12);
    await rig.arrive('chat-0');
    const ids = (await rig.rows(webhook.id, { limit: 99 })).map(row => row.eventId).reverse();
    expect(await rig.usecases.replayDeliveries(INSTANCE, webhook.id, {})).toEqual({ replayed: 12 });
    rig.dispatcher.start();
    await until('everything is delivered', async () => (await states(webhook.id))['delivered'] === 13);
    expect(textsOf(receiver, 'chat-0')).toEqual(['M0', 'M3', 'M6', 'M9', 'M12']);
    expect(receiver.requests.map(({ id }) => id).sort()).toEqual(ids.sort());
    expect(await rig.usecases.replayDeliveries(INSTANCE, webhook.id, {})).toEqual({ replayed: 0 });
  });

  it('takes from one time to before another, and only that webhook\'s', async () => {
    const { webhook, first } = await graveyard(10);
    const { webhook: other } = await graveyard(2);
    expect(await rig.usecases.replayDeliveries(INSTANCE, webhook.id, { from: first + 2 * 60_000, to: first + 5 * 60_000 })).toEqual({ replayed: 3 });
    expect((await rig.rows(webhook.id, { limit: 99, state: 'pending', to: first + 9 * 60_000 })).map(row => (row.createdAt - first) / 60_000)).toEqual([4, 3, 2]);
    expect(await rig.usecases.replayDeliveries(INSTANCE, webhook.id, { to: first - 1 })).toEqual({ replayed: 0 });
    expect(await rig.usecases.replayDeliveries(INSTANCE, webhook.id, { from: first, to: first + HOUR })).toEqual({ replayed: 7 });
    expect((await states(other.id))['dead']).toBe(2);
    await expect(rig.usecases.replayDeliveries(INSTANCE, 'none', {})).rejects.toMatchObject({ code: 'webhook_not_found' });
  });

  it('of what was delivered takes each once, also when it is delivered meanwhile', async () => {
    const { receiver, webhook } = await rig.receiver();
    rig.dispatcher.start();
    await rig.arrive(...Array.from({ length: 1_200 }, (_, index) => `chat-${index % 20}`));
    await until('everything is delivered', async () => (await states(webhook.id))['delivered'] === 1_200, 60_000);
    expect(await rig.usecases.replayDeliveries(INSTANCE, webhook.id, { state: 'delivered' })).toEqual({ replayed: 1_200 });
    await until('everything is delivered again', async () => receiver.requests.length === 2_400 && (await states(webhook.id))['pending'] === 0, 60_000);
    for (let chat = 0; chat < 20; chat++) {
      const texts = textsOf(receiver, `chat-${chat}`);
      expect(texts.slice(60)).toEqual(texts.slice(0, 60));
    }
  });

  it('closes the breaker, as the replay of one does; to a disabled webhook it waits', async () => {
    const { receiver, webhook } = await graveyard(3);
    await rig.usecases.updateWebhook(INSTANCE, webhook.id, { enabled: false });
    rig.dispatcher.start();
    expect(await rig.usecases.replayDeliveries(INSTANCE, webhook.id, {})).toEqual({ replayed: 3 });
    await clock.advance(HOUR);
    expect(receiver.requests).toEqual([]);
    await rig.usecases.updateWebhook(INSTANCE, webhook.id, { enabled: true });
    await until('everything is delivered', async () => (await states(webhook.id))['delivered'] === 3);
  });
});

describe('deleting a webhook', () => {
  it('takes any number of deliveries with it, and leaves those of another', async () => {
    const { webhook } = await rig.receiver();
    const { webhook: other } = await rig.receiver();
    await rig.arrive(...Array.from({ length: 1_100 }, (_, index) => `chat-${index}`));
    await rig.usecases.deleteWebhook(INSTANCE, webhook.id);
    expect(await rig.rows(webhook.id, { limit: 9 })).toEqual([]);
    expect((await states(other.id))['pending']).toBe(1_100);
    await expect(rig.usecases.deleteWebhook(INSTANCE, webhook.id)).rejects.toMatchObject({ code: 'webhook_not_found' });
  });
});
