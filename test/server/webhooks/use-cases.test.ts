import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestClock, type TestClock } from '../../support/test-clock.js';
import { createWebhookRig, INSTANCE, SECRET, type WebhookRig } from '../../support/webhook-rig.js';

let clock: TestClock;
let rig: WebhookRig;

beforeEach(async () => {
  clock = createTestClock();
  rig = await createWebhookRig({ clock });
});
afterEach(() => rig.close());

const input = { url: 'http://127.0.0.1:9/hook', events: ['message.received' as const] };

describe('webhooks of an instance', () => {
  it('shows the secret once, made or given', async () => {
    const made = await rig.usecases.createWebhook(INSTANCE, input);
    expect(made).toMatchObject({ ...input, instanceId: INSTANCE, enabled: true, headers: {}, createdAt: clock.now(), secret: expect.stringMatching(/^whsec_.{44}$/) });
    expect((await rig.usecases.createWebhook(INSTANCE, { ...input, secret: SECRET })).secret).toBe(SECRET);
    const shown = [await rig.usecases.getWebhook(INSTANCE, made.id), ...await rig.usecases.listWebhooks(INSTANCE), await rig.usecases.updateWebhook(INSTANCE, made.id, { secret: SECRET })];
    expect(shown.map(({ secret }) => secret)).toEqual(['', '', '', '']);
    expect((await rig.store.webhooks.find(INSTANCE, made.id))?.secret).toBe(SECRET);
  });

  it('changes what is given and leaves the rest', async () => {
    const { id } = await rig.usecases.createWebhook(INSTANCE, { ...input, headers: { 'x-a': '1' } });
    await clock.advance(10);
    expect(await rig.usecases.updateWebhook(INSTANCE, id, { enabled: false, events: ['message.ack', 'message.ack'] }))
      .toMatchObject({ url: input.url, headers: { 'x-a': '1' }, enabled: false, events: ['message.ack'], updatedAt: clock.now() });
    await rig.usecases.deleteWebhook(INSTANCE, id);
    await expect(rig.usecases.getWebhook(INSTANCE, id)).rejects.toMatchObject({ code: 'webhook_not_found' });
  });

  it.each([
    ['url', { url: 'ftp://x' }], ['events', { events: [] }], ['secret', { secret: 'short' }], ['headers.host', { headers: { host: 'x' } }],
  ])('refuses a bad %s and keeps nothing', async (field, bad) => {
    await expect(rig.usecases.createWebhook(INSTANCE, { ...input, ...bad })).rejects.toMatchObject({ code: 'validation_failed', field });
    expect(await rig.usecases.listWebhooks(INSTANCE)).toEqual([]);
    const { id } = await rig.usecases.createWebhook(INSTANCE, input);
    await expect(rig.usecases.updateWebhook(INSTANCE, id, bad)).rejects.toMatchObject({ code: 'validation_failed', field });
    expect(await rig.usecases.getWebhook(INSTANCE, id)).toMatchObject(input);
  });

  it('says what is not there', async () => {
    const { usecases } = rig;
    await expect(usecases.createWebhook('nobody', input)).rejects.toMatchObject({ code: 'instance_not_found' });
    await expect(usecases.listWebhooks('nobody')).rejects.toMatchObject({ code: 'instance_not_found' });
    for (const call of [usecases.getWebhook(INSTANCE, 'none'), usecases.updateWebhook(INSTANCE, 'none', {}), usecases.deleteWebhook(INSTANCE, 'none'), usecases.listDeliveries(INSTANCE, 'none', { limit: 1 }), usecases.replayDelivery(INSTANCE, 'none', 'none')]) {
      await expect(call).rejects.toMatchObject({ code: 'webhook_not_found' });
    }
    const { id } = await usecases.createWebhook(INSTANCE, input);
    await expect(usecases.replayDelivery(INSTANCE, id, 'none')).rejects.toMatchObject({ code: 'delivery_not_found' });
    await rig.store.instances.update(INSTANCE, { deletedAt: clock.now() }, clock.now());
    await expect(usecases.getWebhook(INSTANCE, id)).rejects.toMatchObject({ code: 'instance_not_found' });
  });

  it('makes deliveries for enabled webhooks only, from the moment of a change on', async () => {
    const { webhook } = await rig.receiver();
    await rig.arrive('chat-1');
    await rig.usecases.updateWebhook(INSTANCE, webhook.id, { enabled: false });
    await rig.arrive('chat-1');
    await rig.usecases.updateWebhook(INSTANCE, webhook.id, { enabled: true });
    await rig.arrive('chat-1');
    const rows = (await rig.usecases.listDeliveries(INSTANCE, webhook.id, { limit: 10, state: 'pending' })).deliveries;
    expect(rows.map(row => (JSON.parse(row.body) as { data: { text: string } }).data.text)).toEqual(['M2', 'M0']);
    expect((await rig.usecases.listDeliveries(INSTANCE, webhook.id, { limit: 1 })).deliveries).toHaveLength(1);
    expect((await rig.usecases.listDeliveries(INSTANCE, webhook.id, { limit: 10, state: 'dead' })).deliveries).toEqual([]);
  });
});
