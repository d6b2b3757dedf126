import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureN8n } from '../../scripts/n8n/install.mjs';
import { startLosingProxy, type LosingProxy } from '../nodes/support/losing-proxy.js';
import { packFolder } from '../nodes/support/pack.js';
import { eventually } from './support/eventually.js';
import { itemsOf } from './support/executions.js';
import { setUpOwner } from './support/n8n-client.js';
import { startN8n, type N8nLocation, type N8nServer } from './support/n8n-server.js';
import { installPack } from './support/pack.js';
import { ACCOUNT, INSTANCE, instanceId, openScene, type Scene } from './support/scene.js';
import { CHASQUI_TRIGGER, node } from './support/workflows.js';

describe('n8n starts again', () => {
  let where: N8nLocation;
  let folder: string;
  let n8n: N8nServer;
  let scene: Scene;
  let proxy: LosingProxy;
  let url: string;

  beforeAll(async () => {
    where = await ensureN8n();
    folder = mkdtempSync(join(tmpdir(), 'chasqui-n8n-restart-'));
    await installPack(packFolder, folder, where.node);
    n8n = await startN8n(where, folder);
    scene = await openScene(await setUpOwner(n8n.url));
    proxy = await startLosingProxy(scene.stack.gatewayUrl);
  });
  afterAll(async () => {
    await n8n?.stop();
    await proxy?.stop();
    await scene?.stack.stop();
    if (folder) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  });

  const restart = async (meanwhile: () => Promise<void>) => {
    const { ports } = n8n;
    await n8n.stop();
    await meanwhile();
    n8n = await startN8n(where, folder, { ports });
  };
  const listen = async () => {
    const credential = await scene.n8n.createCredential('By way of a proxy', 'chasquiApi', { baseUrl: proxy.url, apiKey: scene.stack.apiKey });
    return await scene.workflow('Listen', node('Chasqui Trigger', CHASQUI_TRIGGER, { instanceId, events: ['message.received'], options: { checkRegistration: 'never' } }, { credential }));
  };

  it('and registers a webhook that the gateway lost meanwhile; with the gateway away, messages come in all the same', async () => {
    const workflow = await listen();
    url = await scene.activate(workflow);

    await restart(async () => {
      const { webhooks } = await scene.stack.api.get(`/instances/${INSTANCE}/webhooks`) as { webhooks: { id: string }[] };
      for (const { id } of webhooks) await scene.stack.api.remove(`/instances/${INSTANCE}/webhooks/${id}`, 204);
    });
    await eventually('the webhook is registered', async () => (await scene.webhookUrls()).find(held => held === url));

    const complaint = 'cannot be asked for the webhook of this trigger';
    const before = n8n.log().length;
    await restart(() => proxy.stop());
    await eventually('n8n has asked for the webhook in vain', async () => n8n.log().slice(before).includes(complaint) ? true : undefined);
    const messageId = await scene.contact('15550002222').write(ACCOUNT, { text: 'Are you up again?' });
    const execution = await scene.onlyExecution(workflow);
    expect(itemsOf(execution, 'Chasqui Trigger')).toMatchObject([{ json: { messageId, text: 'Are you up again?' } }]);
  });
});
