import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestClock, type TestClock } from '../../support/test-clock.js';
import { until } from '../../support/until.js';
import { createWebhookRig, INSTANCE, SECRET, type WebhookRig } from '../../support/webhook-rig.js';

type Library = { Webhook: new (secret: string) => { verify(body: string, headers: Record<string, unknown>): unknown } };
const { Webhook } = createRequire(new URL('../../../server/package.json', import.meta.url))('standardwebhooks') as Library;

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const GIVEN = `whsec_${Buffer.alloc(32, 6).toString('base64')}`;
const OTHER = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
let clock: TestClock;
let rig: WebhookRig;

beforeEach(async () => {
  clock = createTestClock();
  rig = await createWebhookRig({ clock });
  rig.dispatcher.start();
});
afterEach(() => rig.close());

/** A receiver, and which of some secrets verify the next post to it. */
async function scene() {
  const { receiver, webhook } = await rig.receiver();
  async function signers(...secrets: string[]): Promise<boolean[]> {
    const before = receiver.requests.length;
    await rig.arrive('chat-1');
    await until('it is delivered', async () => receiver.requests.length > before && (await rig.rows(webhook.id, { limit: 99, state: 'pending' })).length === 0);
    const request = receiver.requests.at(-1);
    return secrets.map(secret => {
      // The library reads the real clock; the test's is at another time.
      const real = Date.now;
      Date.now = () => clock.now();
      try {
        new Webhook(secret).verify(request?.body ?? '', { ...request?.headers });
        return true;
      } catch {
        return false;
      } finally {
        Date.now = real;
      }
    });
  }
  return { receiver, webhook, signers };
}

describe('rotating a secret', () => {
  it('makes a new one, shown once; both sign for 24 h, then the new one alone', async () => {
    const { receiver, webhook, signers } = await scene();
    const rotated = await rig.usecases.rotateSecret(INSTANCE, webhook.id, {});
    expect(rotated.secret).toMatch(/^whsec_.{44}$/);
    expect(rotated.secret).not.toBe(SECRET);
    expect(rotated.previousSecret).toEqual({ secret: '', until: clock.now() + DAY });
    const shown = await rig.usecases.getWebhook(INSTANCE, webhook.id);
    expect(shown).toMatchObject({ secret: '', previousSecret: { secret: '', until: clock.now() + DAY } });
    expect(JSON.stringify([shown, await rig.usecases.listWebhooks(INSTANCE)])).not.toContain('whsec_');

    expect(await signers(SECRET, rotated.secret, OTHER)).toEqual([true, true, false]);
    expect(receiver.requests.at(-1)?.headers['webhook-signature']).toMatch(/^v1,\S{44} v1,\S{44}$/);
    await clock.advance(DAY - 1);
    expect(await signers(SECRET, rotated.secret)).toEqual([true, true]);
    await clock.advance(1);
    expect(await signers(SECRET, rotated.secret)).toEqual([false, true]);
    expect(receiver.requests.at(-1)?.headers['webhook-signature']).toMatch(/^v1,\S{44}$/);
    expect((await rig.usecases.getWebhook(INSTANCE, webhook.id)).previousSecret).toBeNull();
  });

  it('takes a secret that is given, and an overlap of its own, or none', async () => {
    const { webhook, signers } = await scene();
    expect(await rig.usecases.rotateSecret(INSTANCE, webhook.id, { secret: GIVEN.replace('whsec_', ''), overlapMs: HOUR })).toMatchObject({ secret: GIVEN });
    expect(await signers(SECRET, GIVEN)).toEqual([true, true]);
    // Only the last one before signs as well.
    expect(await rig.usecases.rotateSecret(INSTANCE, webhook.id, { secret: OTHER, overlapMs: 2 * HOUR })).toMatchObject({ previousSecret: { until: clock.now() + 2 * HOUR } });
    expect(await signers(SECRET, GIVEN, OTHER)).toEqual([false, true, true]);
    expect(await rig.usecases.rotateSecret(INSTANCE, webhook.id, { secret: SECRET, overlapMs: 0 })).toMatchObject({ previousSecret: null });
    expect(await signers(SECRET, GIVEN, OTHER)).toEqual([true, false, false]);
  });

  it('may be repeated with the same secret: nothing changes, the overlap goes on', async () => {
    const { webhook, signers } = await scene();
    const first = await rig.usecases.rotateSecret(INSTANCE, webhook.id, { secret: GIVEN });
    await clock.advance(HOUR);
    expect(await rig.usecases.rotateSecret(INSTANCE, webhook.id, { secret: GIVEN })).toEqual(first);
    expect(await signers(SECRET, GIVEN)).toEqual([true, true]);
  });

  it('by a change of the webhook has no overlap, and ends one', async () => {
    const { webhook, signers } = await scene();
    await rig.usecases.rotateSecret(INSTANCE, webhook.id, { secret: GIVEN });
    expect(await rig.usecases.updateWebhook(INSTANCE, webhook.id, { headers: {} })).toMatchObject({ previousSecret: { secret: '' } });
    expect(await rig.usecases.updateWebhook(INSTANCE, webhook.id, { secret: OTHER })).toMatchObject({ previousSecret: null });
    expect(await signers(SECRET, GIVEN, OTHER)).toEqual([false, false, true]);
    expect((await rig.store.webhooks.find(INSTANCE, webhook.id))?.previousSecret).toBeNull();
  });

  it('refuses what cannot be, and changes nothing', async () => {
    const { webhook } = await scene();
    for (const [field, input] of [['secret', { secret: 'short' }], ['overlapSeconds', { overlapMs: 7 * DAY + 1 }], ['overlapSeconds', { overlapMs: -1 }]] as const) {
      await expect(rig.usecases.rotateSecret(INSTANCE, webhook.id, input)).rejects.toMatchObject({ code: 'validation_failed', field });
    }
    await expect(rig.usecases.rotateSecret(INSTANCE, 'none', {})).rejects.toMatchObject({ code: 'webhook_not_found' });
    expect(await rig.store.webhooks.find(INSTANCE, webhook.id)).toMatchObject({ secret: SECRET, previousSecret: null });
  });
});
