import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestClock, type TestClock } from '../../support/test-clock.js';
import { until } from '../../support/until.js';
import { createWebhookRig, textsOf, type WebhookRig } from '../../support/webhook-rig.js';

let clock: TestClock;
let rig: WebhookRig;

beforeEach(async () => {
  clock = createTestClock();
  rig = await createWebhookRig({ clock });
});
afterEach(() => rig.close());

const pending = async (webhookId: string) => (await rig.rows(webhookId, { limit: 10_000, state: 'pending' })).length;

describe('order', () => {
  it('is kept in a chat across a failure, while other chats go on', async () => {
    const { receiver, webhook } = await rig.receiver();
    let refuse = true;
    receiver.answerWith(request => ({ status: refuse && request.body.includes('"M1"') ? 500 : 200 }));
    rig.dispatcher.start();
    await rig.arrive('chat-1', 'chat-1', 'chat-1', 'chat-2');
    await until('all but the chat that failed is delivered', async () => receiver.requests.length === 3 && await pending(webhook.id) === 2);
    await rig.arrive('chat-1', 'chat-2');
    await until('the other chat goes on', () => textsOf(receiver, 'chat-2').length === 2);
    expect(textsOf(receiver, 'chat-1')).toEqual(['M0', 'M1']);
    refuse = false;
    await clock.advance(5_000);
    await until('everything is delivered', async () => await pending(webhook.id) === 0);
    expect(textsOf(receiver, 'chat-1')).toEqual(['M0', 'M1', 'M1', 'M2', 'M4']);
    expect(textsOf(receiver, 'chat-2')).toEqual(['M3', 'M5']);
  });

  it('holds for 1,000 deliveries in 40 chats, each exactly once, no more than 8 at a time', async () => {
    const { receiver, webhook } = await rig.receiver();
    const lanes = Array.from({ length: 1_000 }, (_, index) => `chat-${(index * 7) % 40}`);
    await rig.arrive(...lanes.slice(0, 500));
    rig.dispatcher.start();
    for (let at = 500; at < 1_000; at += 50) await rig.arrive(...lanes.slice(at, at + 50));
    await until('all are delivered', async () => receiver.requests.length >= 1_000 && await pending(webhook.id) === 0, 60_000);
    expect(receiver.requests.every(({ verified }) => verified)).toBe(true);
    expect(receiver.requests).toHaveLength(1_000);
    for (let chat = 0; chat < 40; chat++) {
      expect(textsOf(receiver, `chat-${chat}`)).toEqual(lanes.flatMap((lane, index) => (lane === `chat-${chat}` ? [`M${index}`] : [])));
    }
    expect(receiver.mostAtOnce()).toBeLessThanOrEqual(8);
  });

  it('lets a chat with a long backlog not shut out the others of its webhook', async () => {
    const { receiver } = await rig.receiver();
    const busy = Array.from({ length: 8 }, (_, index) => `busy-${index}`);
    for (let round = 0; round < 60; round++) await rig.arrive(...busy);
    await rig.arrive('late');
    rig.dispatcher.start();
    await until('the late one is delivered', () => textsOf(receiver, 'late').length === 1);
    await until('all are delivered', () => receiver.requests.length === 481, 30_000);
    expect(textsOf(receiver, 'busy-3')).toHaveLength(60);
  });
});

describe('isolation', () => {
  it('a receiver that does not answer delays no other', async () => {
    const slow = await rig.receiver();
    const quick = await rig.receiver();
    let release = () => {};
    const held = new Promise<void>(resolve => { release = resolve; });
    slow.receiver.answerWith(() => ({ status: 200, after: held }));
    rig.dispatcher.start();
    await rig.arrive(...Array.from({ length: 100 }, (_, index) => `chat-${index}`));
    await until('the quick one has everything', () => quick.receiver.requests.length === 100);
    expect(slow.receiver.requests).toHaveLength(8);
    release();
    await until('the slow one has everything too', async () => await pending(slow.webhook.id) === 0);
    expect(slow.receiver.requests).toHaveLength(100);
  });

  it('more silent receivers than there are shared places delay no other', async () => {
    const silent: Awaited<ReturnType<typeof rig.receiver>>[] = [];
    for (let index = 0; index < 12; index++) silent.push(await rig.receiver());
    let release = () => {};
    const held = new Promise<void>(resolve => { release = resolve; });
    for (const { receiver } of silent) receiver.answerWith(() => ({ status: 200, after: held }));
    rig.dispatcher.start();
    await rig.arrive(...Array.from({ length: 10 }, (_, index) => `chat-${index}`));
    await until('the places are taken', () => silent.reduce((sum, { receiver }) => sum + receiver.requests.length, 0) === 76);
    const quick = await rig.receiver();
    await rig.arrive(...Array.from({ length: 20 }, (_, index) => `chat-${index}`));
    await until('the quick one has everything', () => quick.receiver.requests.length === 20);
    release();
    for (const { webhook } of silent) await until('the others follow', async () => await pending(webhook.id) === 0);
  });

  it('a dead receiver with a thousand waiting chats delays no other, and is not hammered', async () => {
    const dead = await rig.receiver();
    const healthy = await rig.receiver();
    dead.receiver.answerWith(() => ({ status: 500 }));
    await rig.arrive(...Array.from({ length: 1_000 }, (_, index) => `chat-${index}`));
    rig.dispatcher.start();
    await until('the healthy one has everything', () => healthy.receiver.requests.length === 1_000);
    await rig.arrive('chat-1');
    await until('and the next', () => healthy.receiver.requests.length === 1_001);
    expect(textsOf(healthy.receiver, 'chat-1')).toEqual(['M1', 'M1000']);
    expect(dead.receiver.mostAtOnce()).toBeLessThanOrEqual(8);
    await until('each attempt is noted', async () => {
      const rows = await rig.rows(dead.webhook.id, { limit: 10_000 });
      return rows.length === 1_001 && rows.reduce((sum, row) => sum + row.attempts, 0) === dead.receiver.requests.length;
    });
    // 20 failures open the breaker; seven more may have been under way by then.
    expect(dead.receiver.requests.length).toBeGreaterThanOrEqual(20);
    expect(dead.receiver.requests.length).toBeLessThanOrEqual(27);
    expect(await pending(dead.webhook.id)).toBe(1_001);
  });
});
