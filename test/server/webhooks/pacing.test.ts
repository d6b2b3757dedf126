import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestClock, type TestClock } from '../../support/test-clock.js';
import { until } from '../../support/until.js';
import { createWebhookRig, INSTANCE, textsOf, type WebhookRig } from '../../support/webhook-rig.js';

const GAP_MS = 400;
let clock: TestClock;
let rig: WebhookRig;

beforeEach(async () => {
  clock = createTestClock();
  rig = await createWebhookRig({ clock });
  rig.dispatcher.start();
});
afterEach(() => rig.close());

const pending = async (webhookId: string) => (await rig.rows(webhookId, { limit: 1_000, state: 'pending' })).length;

/** A receiver that asked for a gap, and when each post to it began (milliseconds of the test's clock since the start). */
async function paced(answer: (index: number) => { status: number; after?: Promise<unknown> } = () => ({ status: 200 })) {
  const { receiver, webhook } = await rig.receiver({ minIntervalMs: GAP_MS });
  const start = clock.now();
  const at = () => rig.posts.filter(({ url }) => url === receiver.url).map(post => post.at - start);
  receiver.answerWith(() => answer(receiver.requests.length - 1));
  /** Moves time on in small steps until everything is settled. */
  const finish = () => until('everything is delivered', async () => {
    if (await pending(webhook.id) === 0) return true;
    await clock.advance(50);
    return false;
  });
  return { receiver, webhook, at, finish };
}

function smallestGap(times: number[]): number {
  return Math.min(...times.slice(1).map((time, index) => time - (times[index] ?? 0)));
}

describe('the gap between two posts to a webhook', () => {
  it('holds over all chats, keeps the order of each, and delays no other webhook', async () => {
    const { receiver, at, finish } = await paced();
    const quick = await rig.receiver();
    await rig.arrive('chat-1', 'chat-2', 'chat-3', 'chat-1', 'chat-2', 'chat-1');
    await until('the other has everything, though no time has passed', () => quick.receiver.requests.length === 6);
    expect(at()).toEqual([0]);
    await finish();
    expect(at()).toHaveLength(6);
    expect(smallestGap(at())).toBeGreaterThanOrEqual(GAP_MS);
    expect(textsOf(receiver, 'chat-1')).toEqual(['M0', 'M3', 'M5']);
    expect(textsOf(receiver, 'chat-2')).toEqual(['M1', 'M4']);
  });

  it('is not lengthened where there is enough to do', async () => {
    const { receiver, at } = await paced();
    await rig.arrive(...Array.from({ length: 40 }, (_, index) => `chat-${index}`));
    for (let count = 1; count <= 40; count++) {
      await until(`post ${count} has come`, () => receiver.requests.length === count);
      expect(at().at(-1)).toBe((count - 1) * GAP_MS);
      await clock.advance(GAP_MS);
    }
  });

  it('is between the beginnings: a slow receiver has several under way', async () => {
    let release = () => {};
    const held = new Promise<void>(resolve => { release = resolve; });
    const { receiver, at, finish } = await paced(() => ({ status: 200, after: held }));
    await rig.arrive('chat-1', 'chat-2', 'chat-3');
    for (let count = 1; count <= 3; count++) {
      await until(`post ${count} has come`, () => receiver.requests.length === count);
      await clock.advance(GAP_MS);
    }
    expect(receiver.mostAtOnce()).toBe(3);
    release();
    await finish();
    expect(at()).toEqual([0, GAP_MS, 2 * GAP_MS]);
  });

  it('holds for retries and replays too', async () => {
    const { webhook, at, finish } = await paced(index => ({ status: index < 4 ? 500 : 200 }));
    await rig.arrive('chat-1', 'chat-2', 'chat-3');
    await finish();
    const before = at().length;
    expect(before).toBe(7);
    await rig.usecases.replayDeliveries(INSTANCE, webhook.id, { state: 'delivered' });
    const [last] = await rig.rows(webhook.id, { limit: 1 });
    await rig.usecases.replayDelivery(INSTANCE, webhook.id, last?.id ?? '');
    await finish();
    expect(at()).toHaveLength(before + 3);
    expect(smallestGap(at())).toBeGreaterThanOrEqual(GAP_MS);
  });

  it('is the one of the moment', async () => {
    const { receiver, webhook, at, finish } = await paced();
    await rig.arrive(...Array.from({ length: 20 }, (_, index) => `chat-${index}`));
    await until('the first has come', () => receiver.requests.length === 1);
    await rig.usecases.updateWebhook(INSTANCE, webhook.id, { minIntervalMs: 0 });
    // The gap after the last post is still kept.
    await clock.advance(GAP_MS);
    await until('the rest follows, though no time passes', () => receiver.requests.length === 20);
    await finish();
    expect(at().slice(1)).toEqual(Array(19).fill(GAP_MS));
  });
});
