import { createHealth, createNodeReport } from '@gateway/usecases/health.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestClock, type TestClock } from '../../support/test-clock.js';
import { until } from '../../support/until.js';
import { createWebhookRig, INSTANCE, textsOf, type WebhookRig } from '../../support/webhook-rig.js';

const OPEN_MS = 180_000;
let clock: TestClock;
let rig: WebhookRig;

beforeEach(async () => {
  clock = createTestClock();
  rig = await createWebhookRig({ clock });
  rig.dispatcher.start();
});
afterEach(() => rig.close());

const rows = (webhookId: string) => rig.rows(webhookId, { limit: 1_000 });
const pending = async (webhookId: string) => (await rows(webhookId)).filter(row => row.state === 'pending').length;
const noted = async (webhookId: string) => (await rows(webhookId)).reduce((sum, row) => sum + row.attempts, 0);
const breaker = async (webhookId: string) => (await rig.usecases.getWebhook(INSTANCE, webhookId)).breaker;
const health = () => createHealth({ report: createNodeReport({ sessions: { all: () => [] }, dispatcher: rig.dispatcher }), leases: null, clock })();
const chats = (count: number) => Array.from({ length: count }, (_, index) => `chat-${index}`);

/** A receiver that fails until its breaker opens, and the number of posts that took. */
async function openedBreaker() {
  const { receiver, webhook } = await rig.receiver();
  receiver.answerWith(() => ({ status: 500 }));
  await rig.arrive(...chats(40), ...chats(40));
  await until('the breaker is open and every attempt noted', async () => (await breaker(webhook.id)).state === 'OPEN' && await noted(webhook.id) === receiver.requests.length);
  return { receiver, webhook, posts: receiver.requests.length };
}

describe('the circuit breaker of a receiver', () => {
  it('opens after 20 failures in a row; nothing is posted then, nothing is lost, and another receiver notices nothing', async () => {
    expect(await health()).toMatchObject({ circuitBreaker: 'CLOSED' });
    const healthy = await rig.receiver();
    const opened = clock.now();
    const { receiver, webhook, posts } = await openedBreaker();
    expect(posts).toBeGreaterThanOrEqual(20);
    expect(posts).toBeLessThanOrEqual(27);
    expect(await breaker(webhook.id)).toEqual({ state: 'OPEN', since: opened, failures: posts });
    expect(await rig.usecases.listWebhooks(INSTANCE)).toMatchObject([{ breaker: { state: 'CLOSED', since: null, failures: 0 } }, { breaker: { state: 'OPEN' } }]);
    expect(await health()).toMatchObject({ circuitBreaker: 'OPEN' });

    // Back-offs of 5 s and more are over long before the breaker is.
    for (let at = 0; at < OPEN_MS - 10_000; at += 10_000) await clock.advance(10_000);
    await rig.arrive('chat-1', 'new-chat');
    await until('the healthy one has everything', () => healthy.receiver.requests.length === 82);
    await clock.advance(9_999);
    expect(receiver.requests).toHaveLength(posts);
    expect(await pending(webhook.id)).toBe(82);
    expect(rig.log.join('')).toContain('Circuit breaker opened');
  });

  it('lets one probe through after 180 s, opens again when it fails, and delivers everything in order once it succeeds', async () => {
    const { receiver, webhook, posts } = await openedBreaker();
    const { since } = await breaker(webhook.id);
    await clock.advance(OPEN_MS);
    await until('the probe failed', async () => await noted(webhook.id) === posts + 1);
    await until('it is open again', async () => (await breaker(webhook.id)).state === 'OPEN');
    expect(await breaker(webhook.id)).toEqual({ state: 'OPEN', since, failures: posts + 1 });
    await clock.advance(OPEN_MS - 1);
    expect(receiver.requests).toHaveLength(posts + 1);

    let release = () => {};
    const held = new Promise<void>(resolve => { release = resolve; });
    receiver.answerWith(() => ({ status: 200, after: held }));
    await clock.advance(1);
    await until('the second probe is under way', () => receiver.requests.length === posts + 2);
    await rig.arrive('new-chat');
    expect(await breaker(webhook.id)).toMatchObject({ state: 'HALF_OPEN' });
    expect(await health()).toMatchObject({ circuitBreaker: 'HALF_OPEN' });
    release();
    await until('it is closed', async () => (await breaker(webhook.id)).state === 'CLOSED');
    await until('everything is delivered', async () => {
      await clock.advance(1_000);
      return await pending(webhook.id) === 0;
    });
    expect(await rows(webhook.id)).toHaveLength(81);
    for (let chat = 0; chat < 40; chat++) expect([...new Set(textsOf(receiver, `chat-${chat}`))]).toEqual([`M${chat}`, `M${chat + 40}`]);
    expect(await breaker(webhook.id)).toEqual({ state: 'CLOSED', since: null, failures: 0 });
    expect(await health()).toMatchObject({ circuitBreaker: 'CLOSED' });
    expect(rig.log.join('')).toContain('Circuit breaker closed');
  });

  it.each([
    ['changed', (id: string) => rig.usecases.updateWebhook(INSTANCE, id, { headers: { 'x-fixed': 'yes' } })],
    ['replayed to', async (id: string) => rig.usecases.replayDelivery(INSTANCE, id, (await rows(id))[0]?.id ?? '')],
  ])('is closed at once when its webhook is %s', async (_name, change) => {
    const { receiver, webhook, posts } = await openedBreaker();
    receiver.answerWith(() => ({ status: 200 }));
    await clock.advance(60_000);
    expect(receiver.requests).toHaveLength(posts);
    await change(webhook.id);
    expect(await breaker(webhook.id)).toMatchObject({ state: 'CLOSED' });
    await until('everything is delivered', async () => await pending(webhook.id) === 0);
  });

  it('and Retry-After both hold: the later of the two decides', async () => {
    const { receiver, webhook } = await rig.receiver();
    receiver.answerWith(() => ({ status: 503, headers: { 'retry-after': receiver.requests.length < 20 ? '0' : '300' } }));
    await rig.arrive(...chats(40));
    await until('the breaker is open', async () => (await breaker(webhook.id)).state === 'OPEN' && await noted(webhook.id) === receiver.requests.length);
    const posts = receiver.requests.length;
    await clock.advance(OPEN_MS);
    expect(await breaker(webhook.id)).toMatchObject({ state: 'HALF_OPEN' });
    await clock.advance(119_999);
    expect(receiver.requests).toHaveLength(posts);
    await clock.advance(1);
    await until('it is asked again', () => receiver.requests.length === posts + 1);
  });

  it('is not left open behind a receiver that is gone for good', async () => {
    const { receiver, webhook, posts } = await openedBreaker();
    receiver.answerWith(() => ({ status: 410 }));
    await clock.advance(OPEN_MS);
    await until('the webhook is disabled', async () => !(await rig.usecases.getWebhook(INSTANCE, webhook.id)).enabled);
    await until('its breaker is forgotten', async () => (await breaker(webhook.id)).state === 'CLOSED');
    await clock.advance(OPEN_MS);
    expect(receiver.requests).toHaveLength(posts + 1);
    expect(await health()).toMatchObject({ circuitBreaker: 'CLOSED' });
  });
});

describe('a pause that one chat earned', () => {
  it('holds for the next delivery of another chat that is under way', async () => {
    const { receiver, webhook } = await rig.receiver();
    let release = () => {};
    const held = new Promise<void>(resolve => { release = resolve; });
    receiver.answerWith(({ body }) => body.includes('"M0"') ? { status: 503, headers: { 'retry-after': '120' } } : { status: 200, after: held });
    await rig.arrive('busy', 'chat-1', 'chat-1');
    await until('the pause was asked for', async () => await noted(webhook.id) === 1 && receiver.requests.length === 2);
    release();
    await until('what was under way is delivered', async () => await pending(webhook.id) === 2);
    await clock.advance(119_999);
    expect(textsOf(receiver, 'chat-1')).toEqual(['M1']);
    await clock.advance(1);
    await until('the rest follows', () => textsOf(receiver, 'chat-1').length === 2);
  });
});
