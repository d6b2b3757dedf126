import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestClock, type TestClock } from '../../support/test-clock.js';
import { until } from '../../support/until.js';
import { createWebhookRig, INSTANCE, SECRET, textsOf, type WebhookRig } from '../../support/webhook-rig.js';

let clock: TestClock;
let rig: WebhookRig;

beforeEach(async () => {
  clock = createTestClock();
  rig = await createWebhookRig({ clock });
  rig.dispatcher.start();
});
afterEach(() => rig.close());

const rows = (webhookId: string) => rig.rows(webhookId, { limit: 50 });
const pending = async (webhookId: string) => (await rows(webhookId)).filter(row => row.state === 'pending').length;

/** A webhook whose two chats wait for minutes, since its receiver failed three times. */
async function backedOff() {
  const { receiver, webhook } = await rig.receiver();
  receiver.answerWith(() => ({ status: 500 }));
  await rig.arrive('chat-1', 'chat-2', 'chat-1');
  for (const [attempts, wait] of [[1, 5_000], [2, 11_000], [3, 0]] as const) {
    await until(`${attempts} attempts are noted`, async () => (await rows(webhook.id)).filter(row => row.attempts === attempts).length === 2);
    await clock.advance(wait);
  }
  const mended = await rig.receiver({ events: ['message.ack'] });
  return { broken: receiver, webhook, mended: mended.receiver };
}

describe('what waits in back-off', () => {
  it.each([
    ['a new address', (url: string) => ({ url })],
    ['an address, and enabled', (url: string) => ({ url, enabled: true })],
    ['a new secret', () => ({ secret: SECRET })],
    ['new headers', () => ({ headers: { authorization: 'Bearer mine' } })],
    ['switched on again', () => ({ enabled: true })],
  ])('goes out at once, in order, when its webhook gets %s', async (_name, patch) => {
    const { broken, webhook, mended } = await backedOff();
    const change = patch(mended.url);
    const receiver = 'url' in change ? mended : broken;
    const before = receiver.requests.length;
    receiver.answerWith(() => ({ status: 200 }));
    await rig.usecases.updateWebhook(INSTANCE, webhook.id, change);
    await until('everything is delivered', async () => await pending(webhook.id) === 0);
    expect(receiver.requests.slice(before).map(request => request.verified)).toEqual([true, true, true]);
    expect(textsOf(receiver, 'chat-1').slice(-2)).toEqual(['M0', 'M2']);
  });

  it('keeps waiting when something else about its webhook changes', async () => {
    const { broken, webhook } = await backedOff();
    const before = await rows(webhook.id);
    await rig.usecases.updateWebhook(INSTANCE, webhook.id, { events: ['message.received', 'message.ack'] });
    await rig.usecases.updateWebhook(INSTANCE, webhook.id, { enabled: false });
    await clock.advance(1_000);
    expect(await rows(webhook.id)).toEqual(before);
    expect(broken.requests).toHaveLength(6);
  });
});

describe('a post that was under way when its webhook was changed', () => {
  it.each([[500], [410], [503]])('says nothing about the new receiver, even when the old one answers %i', async status => {
    const { receiver: old, webhook } = await rig.receiver();
    let release = () => {};
    const held = new Promise<void>(resolve => { release = resolve; });
    old.answerWith(() => ({ status, headers: { 'retry-after': '3600' }, after: held }));
    await rig.arrive('chat-1', 'chat-1');
    await until('the post is under way', () => old.requests.length === 1);
    const { receiver: fresh } = await rig.receiver({ events: ['message.ack'] });
    await rig.usecases.updateWebhook(INSTANCE, webhook.id, { url: fresh.url });
    release();
    await until('everything is delivered', async () => await pending(webhook.id) === 0);
    expect(textsOf(fresh)).toEqual(['M0', 'M1']);
    expect((await rows(webhook.id)).map(row => row.state)).toEqual(['delivered', 'delivered']);
    expect(await rig.usecases.getWebhook(INSTANCE, webhook.id)).toMatchObject({ enabled: true, breaker: { state: 'CLOSED', failures: 0 } });
  });
});

describe('a post that was under way when its webhook was removed', () => {
  it.each([[200], [410], [500]])('ends with what the receiver answers (%i), and nothing is tried on', async status => {
    const { receiver, webhook } = await rig.receiver();
    let release = () => {};
    const held = new Promise<void>(resolve => { release = resolve; });
    receiver.answerWith(() => ({ status, after: held }));
    await rig.arrive('chat-1');
    await until('the post is under way', () => receiver.requests.length === 1);
    await rig.usecases.deleteWebhook(INSTANCE, webhook.id);
    release();
    await until('the outcome is logged', () => rig.log.some(line => line.includes(webhook.id) && /Event delivered|Delivery given up|Delivery failed/.test(line)));
    // At once: a lane that still tries something would end only when it is broken off.
    await rig.dispatcher.stop();
    expect(rig.log.filter(line => line.includes('"level":50'))).toEqual([]);
  });
});
