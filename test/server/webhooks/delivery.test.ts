import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestClock, type TestClock } from '../../support/test-clock.js';
import { until } from '../../support/until.js';
import { createWebhookRig, INSTANCE, SECRET, textsOf, type WebhookRig } from '../../support/webhook-rig.js';

type Library = { Webhook: new (secret: string) => { verify(body: string, headers: Record<string, unknown>): unknown } };
const { Webhook } = createRequire(new URL('../../../server/package.json', import.meta.url))('standardwebhooks') as Library;

const HOUR = 3_600_000;
let clock: TestClock;
let rig: WebhookRig;

beforeEach(async () => {
  clock = createTestClock();
  rig = await createWebhookRig({ clock });
  rig.dispatcher.start();
});
afterEach(() => rig.close());

const attempts = async (webhookId: string) => (await rig.rows(webhookId, { limit: 10 })).map(row => row.attempts).reverse();
const states = async (webhookId: string) => (await rig.rows(webhookId, { limit: 10 })).map(row => row.state).reverse();

describe('delivering an event', () => {
  it('posts the event, signed, so that the official library verifies it', async () => {
    const { receiver, webhook } = await rig.receiver({ headers: { Authorization: 'Bearer mine' } });
    await rig.arrive('chat-1');
    await until('it is delivered', async () => (await states(webhook.id))[0] === 'delivered');
    const [request] = receiver.requests;
    expect(request?.verified).toBe(true);
    expect(new Webhook(SECRET).verify(request?.body ?? '', { ...request?.headers })).toMatchObject({ type: 'message.received', instanceId: INSTANCE, data: { text: 'M0' } });
    expect(request?.headers).toMatchObject({ 'content-type': 'application/json', authorization: 'Bearer mine', 'user-agent': 'chasqui' });
    expect(request?.id).toBe((JSON.parse(request?.body ?? '') as { id: string }).id);
    expect((await rig.usecases.listDeliveries(INSTANCE, webhook.id, { limit: 5 })).deliveries).toMatchObject([{ attempts: 1, lastStatus: 200, lastError: null, deliveredAt: clock.now() }]);
  });

  it('delivers to every webhook that wants the event, and to no other', async () => {
    const [first, second] = [await rig.receiver(), await rig.receiver()];
    const other = await rig.receiver({ events: ['message.ack'] });
    await rig.arrive('chat-1', 'chat-2');
    await until('both have both', () => first.receiver.requests.length === 2 && second.receiver.requests.length === 2);
    expect(await states(other.webhook.id)).toEqual([]);
    expect(first.receiver.requests.map(({ id }) => id).sort()).toEqual(second.receiver.requests.map(({ id }) => id).sort());
  });

  it('tries again with growing pauses under the same id, until it is taken', async () => {
    const { receiver, webhook } = await rig.receiver();
    const start = clock.now();
    receiver.answerWith(() => ({ status: receiver.requests.length < 3 ? 500 : 204 }));
    await rig.arrive('chat-1');
    await until('the first attempt failed', async () => (await attempts(webhook.id))[0] === 1);
    expect(await rig.rows(webhook.id, { limit: 1 })).toMatchObject([{ state: 'pending', lastStatus: 500, lastError: 'The receiver answered 500.', nextAttemptAt: start + 5_000 }]);
    await clock.advance(5_000);
    await until('the second attempt failed', async () => (await attempts(webhook.id))[0] === 2);
    await clock.advance(11_000);
    await until('the third is taken', async () => (await states(webhook.id))[0] === 'delivered');
    expect(receiver.requests.map(({ timestamp }) => timestamp - Math.floor(start / 1000))).toEqual([0, 5, 16]);
    expect(new Set(receiver.requests.map(({ id }) => id)).size).toBe(1);
    expect(receiver.requests.every(({ verified }) => verified)).toBe(true);
  });

  it('obeys Retry-After, for other chats of the same receiver too', async () => {
    const { receiver, webhook } = await rig.receiver();
    const start = clock.now();
    receiver.answerWith(() => (receiver.requests.length === 1 ? { status: 503, headers: { 'retry-after': '120' } } : { status: 200 }));
    await rig.arrive('chat-1');
    await until('the first attempt failed', async () => (await attempts(webhook.id))[0] === 1);
    await rig.arrive('chat-2');
    await clock.advance(119_000);
    expect(await attempts(webhook.id)).toEqual([1, 0]);
    await clock.advance(1_000);
    await until('both are delivered', async () => (await states(webhook.id)).join() === 'delivered,delivered');
    expect(receiver.requests.map(({ timestamp }) => timestamp - Math.floor(start / 1000))).toEqual([0, 120, 120]);
  });

  it('disables the webhook on 410; what waits goes out once it is enabled again', async () => {
    const { receiver, webhook } = await rig.receiver();
    receiver.answerWith(() => ({ status: 410 }));
    await rig.arrive('chat-1', 'chat-1', 'chat-1');
    await until('the webhook is disabled', async () => !(await rig.usecases.getWebhook(INSTANCE, webhook.id)).enabled);
    expect(await states(webhook.id)).toEqual(['dead', 'pending', 'pending']);
    await rig.arrive('chat-1');
    await clock.advance(HOUR);
    expect(receiver.requests).toHaveLength(1);
    receiver.answerWith(() => ({ status: 200 }));
    await rig.usecases.updateWebhook(INSTANCE, webhook.id, { enabled: true });
    await until('the rest is delivered', async () => (await states(webhook.id)).join() === 'dead,delivered,delivered');
    expect(textsOf(receiver)).toEqual(['M0', 'M1', 'M2']);
  });

  it('gives up after 24 h, says why, and goes on with the next; a replay brings it after all', async () => {
    const { receiver, webhook } = await rig.receiver();
    receiver.answerWith(request => ({ status: request.body.includes('"M0"') ? 500 : 200 }));
    await rig.arrive('chat-1', 'chat-1');
    for (let hours = 0; hours < 80 && (await states(webhook.id))[0] === 'pending'; hours++) {
      const before = receiver.requests.length;
      await until('the attempt is noted', async () => (await attempts(webhook.id))[0] === before);
      await clock.advance(HOUR);
      await until('the next attempt is made', () => receiver.requests.length > before);
    }
    // The failures have opened the breaker: the next is what it tries with.
    await until('the next is delivered', async () => {
      await clock.advance(10_000);
      return (await states(webhook.id)).join() === 'dead,delivered';
    });
    const [, dead] = (await rig.usecases.listDeliveries(INSTANCE, webhook.id, { limit: 5 })).deliveries;
    expect(dead).toMatchObject({ state: 'dead', lastStatus: 500, lastError: 'The receiver answered 500.' });
    receiver.answerWith(() => ({ status: 200 }));
    expect(await rig.usecases.replayDelivery(INSTANCE, webhook.id, dead?.id ?? '')).toMatchObject({ state: 'pending', attempts: 0 });
    await until('the replay is delivered', async () => (await states(webhook.id)).join() === 'delivered,delivered');
    expect(receiver.requests.at(-1)).toMatchObject({ id: dead?.eventId, verified: true });
  });

  it('forgets what was on its way to a webhook that is deleted', async () => {
    const { receiver, webhook } = await rig.receiver();
    receiver.answerWith(() => ({ status: 500 }));
    await rig.arrive('chat-1', 'chat-1');
    await until('the first attempt failed', async () => (await attempts(webhook.id))[0] === 1);
    await rig.usecases.deleteWebhook(INSTANCE, webhook.id);
    await clock.advance(HOUR);
    expect(receiver.requests).toHaveLength(1);
    expect(await rig.rows(webhook.id, { limit: 5 })).toEqual([]);
    expect(await rig.store.deliveries.nextDueAt(0)).toBeNull();
  });

  it('says in the row what kept the receiver from answering, and logs no secret', async () => {
    const { receiver, webhook } = await rig.receiver({ headers: { 'x-token': 'my-own-token' } });
    await receiver.close();
    await rig.arrive('chat-1');
    await until('the attempt failed', async () => (await attempts(webhook.id))[0] === 1);
    expect(await rig.rows(webhook.id, { limit: 1 })).toMatchObject([{ lastStatus: null, lastError: expect.stringMatching(/refused/) }]);
    const log = rig.log.join('');
    expect(log).toContain('Delivery failed');
    for (const secret of [SECRET, SECRET.slice('whsec_'.length), 'my-own-token', '"M0"', 'v1,']) expect(log).not.toContain(secret);
  });
});
