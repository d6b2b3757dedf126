import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestClock, type TestClock } from '../../support/test-clock.js';
import { until } from '../../support/until.js';
import { createWebhookRig, INSTANCE, textsOf, type WebhookRig } from '../../support/webhook-rig.js';

const MINUTE = 60_000;
let clock: TestClock;
let rig: WebhookRig;

beforeEach(async () => {
  clock = createTestClock();
  rig = await createWebhookRig({ clock });
  rig.dispatcher.start();
});
afterEach(() => rig.close());

const pending = async (webhookId: string) => (await rig.rows(webhookId, { limit: 10_000, state: 'pending' })).length;
const breaker = async (webhookId: string) => (await rig.usecases.getWebhook(INSTANCE, webhookId)).breaker.state;
const attempts = async (webhookId: string) => (await rig.rows(webhookId, { limit: 10_000 })).reduce((sum, row) => sum + row.attempts, 0);

describe('a receiver that is down for 3 minutes', () => {
  it('gets everything, in the order of each chat, once it is back; another receiver notices nothing', async () => {
    const { receiver, webhook } = await rig.receiver();
    const other = await rig.receiver();
    const chats = Array.from({ length: 30 }, (_, index) => `chat-${index}`);
    let posted = 0;
    const all = () => chats.map((_, index) => Array.from({ length: posted / chats.length }, (_unused, round) => `M${round * chats.length + index}`));
    const arrive = async () => {
      await rig.arrive(...chats);
      posted += chats.length;
      await until('the other receiver has everything, at once', () => other.receiver.requests.length === posted);
    };
    await arrive();
    await until('all is well', async () => await pending(webhook.id) === 0);

    receiver.answerWith(() => ({ status: 503 }));
    await arrive();
    await until('the breaker opens', async () => await breaker(webhook.id) === 'OPEN');
    for (let minute = 1; minute <= 3; minute++) {
      await arrive();
      await clock.advance(MINUTE);
    }
    await until('it tried once more and is open again', async () => await breaker(webhook.id) === 'OPEN');
    await until('each attempt is noted', async () => await attempts(webhook.id) === receiver.requests.length);
    const failed = receiver.requests.length;
    expect(await pending(webhook.id)).toBe(4 * chats.length);
    expect(await breaker(other.webhook.id)).toBe('CLOSED');

    receiver.answerWith(() => ({ status: 200 }));
    await arrive();
    await clock.advance(3 * MINUTE);
    // No more time passes: what waited for its next attempt goes with the recovery.
    await until('everything is delivered', async () => await pending(webhook.id) === 0);
    expect(await breaker(webhook.id)).toBe('CLOSED');

    const rows = await rig.rows(webhook.id, { limit: 10_000 });
    expect(rows).toHaveLength(posted);
    expect(rows.every(({ state }) => state === 'delivered')).toBe(true);
    const taken = (chat: string) => textsOf({ ...receiver, requests: [...receiver.requests.slice(0, chats.length), ...receiver.requests.slice(failed)] }, chat);
    expect(chats.map(taken)).toEqual(all());
    expect(chats.map(chat => textsOf(other.receiver, chat))).toEqual(all());
    expect(new Set(receiver.requests.map(({ id }) => id)).size).toBe(posted);
  });

  it('is not waited for by deliveries whose next attempt was an hour away', async () => {
    const { receiver, webhook } = await rig.receiver();
    const other = await rig.receiver();
    const far = clock.now() + 60 * MINUTE;
    receiver.answerWith(() => ({ status: 500 }));
    other.receiver.answerWith(() => ({ status: 500 }));
    await rig.arrive(...Array.from({ length: 40 }, (_, index) => `chat-${index}`));
    await until('the breakers are open', async () => await breaker(webhook.id) === 'OPEN' && await breaker(other.webhook.id) === 'OPEN');
    await until('each attempt is noted', async () => await attempts(webhook.id) + await attempts(other.webhook.id) === receiver.requests.length + other.receiver.requests.length);
    for (const id of [webhook.id, other.webhook.id]) {
      for (const row of (await rig.rows(id, { limit: 99 })).filter(row => row.attempts > 0)) {
        await rig.store.deliveries.settle(row.id, { state: 'pending', attempts: row.attempts, at: clock.now(), nextAttemptAt: far });
      }
    }
    receiver.answerWith(() => ({ status: 200 }));
    await clock.advance(3 * MINUTE);
    await until('everything is delivered', async () => await pending(webhook.id) === 0);
    expect(clock.now()).toBeLessThan(far);
    expect((await rig.rows(other.webhook.id, { limit: 99 })).filter(row => row.nextAttemptAt === far).length).toBeGreaterThanOrEqual(20);
  });
});
