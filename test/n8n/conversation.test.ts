import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { itemsOf } from './support/executions.js';
import { ACCOUNT, INSTANCE, instanceId, openScene, type Scene } from './support/scene.js';
import { CHASQUI, CHASQUI_TRIGGER, node } from './support/workflows.js';

describe('Chasqui Trigger → Chasqui (Send Text)', () => {
  let scene: Scene;
  beforeAll(async () => { scene = await openScene(); });
  afterAll(async () => { await scene?.close(); });

  const answering = (name: string) => scene.workflow(
    name,
    node('Chasqui Trigger', CHASQUI_TRIGGER, { instanceId, events: ['message.received'] }, scene),
    node('Send Text', CHASQUI, { resource: 'message', operation: 'sendText', instanceId, to: '={{ $json.replyTo }}', text: '=You said: {{ $json.text }}' }, scene),
  );

  it('answers a contact', async () => {
    const workflow = await answering('Answer');
    await scene.activate(workflow);
    const ana = scene.contact('15550002222');
    const messageId = await ana.write(ACCOUNT, { text: 'Is anybody there?' });

    const reply = await ana.hears('the answer', message => message.text === 'You said: Is anybody there?');
    expect(reply).toMatchObject({ type: 'text', times: 1 });

    const execution = await scene.onlyExecution(workflow);
    expect(execution).toMatchObject({ status: 'success', mode: 'webhook' });
    expect(itemsOf(execution, 'Chasqui Trigger')).toMatchObject([
      { json: { type: 'message.received', instanceId: INSTANCE, messageId, text: 'Is anybody there?', sender: { phone: ana.number } } },
    ]);
    expect(itemsOf(execution, 'Send Text')).toMatchObject([{ json: { messageId: reply.messageId, status: 'sent' }, pairedItem: { item: 0 } }]);
    expect(await ana.received()).toHaveLength(1);
  });

  it('leaves nothing at the gateway when it is deactivated, and starts no more', async () => {
    const workflow = await answering('Silenced');
    const url = await scene.activate(workflow);
    await scene.deactivate(workflow);
    expect(await scene.webhookUrls()).not.toContain(url);
    expect((await fetch(url, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } })).status).toBe(404);
    expect(await scene.n8n.executions(workflow.id)).toEqual([]);
  });

  it('refuses unsigned, forged and stale requests with 401, and starts no execution for them', async () => {
    const workflow = await answering('Guarded');
    const url = await scene.activate(workflow);
    const now = Math.floor(Date.now() / 1000);
    const signature = `v1,${Buffer.alloc(32, 1).toString('base64')}`;
    const statusOf = async (headers: Record<string, string>) => {
      const body = JSON.stringify({ id: 'evt_forged', type: 'message.received', timestamp: new Date().toISOString(), instanceId: INSTANCE, data: { text: 'forged', replyTo: '15550006666' } });
      return (await fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } })).status;
    };
    expect(await statusOf({})).toBe(401);
    expect(await statusOf({ 'webhook-id': 'evt_forged', 'webhook-timestamp': String(now), 'webhook-signature': signature })).toBe(401);
    expect(await statusOf({ 'webhook-id': 'evt_forged', 'webhook-timestamp': String(now - 3600), 'webhook-signature': signature })).toBe(401);

    // A genuine message afterwards runs the workflow for the first time: had a forged one run it, there would be two executions.
    const bea = scene.contact('15550003333');
    await bea.write(ACCOUNT, { text: 'genuine' });
    await bea.hears('the answer', message => message.text === 'You said: genuine');
    const execution = await scene.onlyExecution(workflow);
    expect(itemsOf(execution, 'Chasqui Trigger')).toMatchObject([{ json: { text: 'genuine' } }]);
    expect(await scene.contact('15550006666').received()).toEqual([]);
  });
});
