import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { itemsOf } from './support/executions.js';
import { INSTANCE, instanceId, openScene, type Scene } from './support/scene.js';
import { CHASQUI_TRIGGER, node } from './support/workflows.js';

describe('Chasqui Trigger on Message Acknowledged', () => {
  let scene: Scene;
  beforeAll(async () => { scene = await openScene(); });
  afterAll(async () => { await scene?.close(); });

  it('runs for the chosen statuses alone', async () => {
    const workflow = await scene.workflow('Read receipts', node('Chasqui Trigger', CHASQUI_TRIGGER, { instanceId, events: ['message.ack'], statuses: ['read'] }, scene));
    await scene.activate(workflow);
    const ana = scene.contact('15550002222');
    const sent = await scene.stack.api.post(`/instances/${INSTANCE}/messages/text`, { to: ana.number, text: 'Did you see this?' }, 201) as { messageId: string };
    await ana.hears('the question', message => message.messageId === sent.messageId);
    await ana.sendReceipt(sent.messageId, 'read');

    const execution = await scene.onlyExecution(workflow);
    expect(itemsOf(execution, 'Chasqui Trigger')).toMatchObject([{ json: { type: 'message.ack', messageId: sent.messageId, status: 'read' } }]);
  });
});
