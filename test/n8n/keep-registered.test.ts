import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './support/eventually.js';
import { ACCOUNT, INSTANCE, instanceId, openScene, type Scene } from './support/scene.js';
import { CHASQUI, CHASQUI_TRIGGER, node } from './support/workflows.js';

describe('a webhook that the gateway lost while n8n kept running', () => {
  let scene: Scene;
  beforeAll(async () => { scene = await openScene(); });
  afterAll(async () => { await scene?.close(); });

  const answering = (name: string) => scene.workflow(
    name,
    node('Chasqui Trigger', CHASQUI_TRIGGER, { instanceId, events: ['message.received'], options: { checkRegistration: 'tenSeconds' } }, scene),
    node('Send Text', CHASQUI, { resource: 'message', operation: 'sendText', instanceId, to: '={{ $json.replyTo }}', text: `=${name}: {{ $json.text }}` }, scene),
  );
  async function loseWebhooks(): Promise<void> {
    const { webhooks } = await scene.stack.api.get(`/instances/${INSTANCE}/webhooks`) as { webhooks: { id: string }[] };
    for (const { id } of webhooks) await scene.stack.api.remove(`/instances/${INSTANCE}/webhooks/${id}`, 204);
  }
  const isBack = (url: string) => eventually(`${url} is registered again`, async () => (await scene.webhookUrls()).find(held => held === url));

  it('is registered again by itself, and a message then starts the workflow', async () => {
    const url = await scene.activate(await answering('Healed'));
    await loseWebhooks();
    expect(await scene.webhookUrls()).toEqual([]);
    await isBack(url);
    const ana = scene.contact('15550002222');
    await ana.write(ACCOUNT, { text: 'Still there?' });
    expect(await ana.hears('the answer', message => message.text === 'Healed: Still there?')).toMatchObject({ times: 1 });
  });

  it('stays away when the workflow was deactivated', async () => {
    const silenced = await answering('Silenced');
    const url = await scene.activate(silenced);
    const other = await scene.activate(await answering('Other'));
    await loseWebhooks();
    await isBack(url);
    await isBack(other);
    await scene.deactivate(silenced);
    // All look in the same seconds: twice, the other one's look tells that those seconds have passed.
    for (let looks = 0; looks < 2; looks++) {
      await loseWebhooks();
      await isBack(other);
      expect(await scene.webhookUrls()).not.toContain(url);
    }
  });
});
