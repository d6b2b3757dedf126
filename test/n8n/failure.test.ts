import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { itemsOf } from './support/executions.js';
import { instanceId, openScene, type Scene } from './support/scene.js';
import { CHASQUI, node } from './support/workflows.js';

describe('a send that fails', () => {
  let scene: Scene;
  beforeAll(async () => { scene = await openScene(); });
  afterAll(async () => { await scene?.close(); });

  const NUMBERS = '15550002222,99955500000,15550003333';
  const numbers = () => [
    node('Start', 'n8n-nodes-base.manualTrigger', {}),
    node('Numbers', 'n8n-nodes-base.set', { mode: 'raw', jsonOutput: JSON.stringify({ numbers: NUMBERS.split(',') }) }, { typeVersion: 3.4 }),
    node('Each', 'n8n-nodes-base.splitOut', { fieldToSplitOut: 'numbers' }),
  ];
  const sendText = () => node('Send Text', CHASQUI, { resource: 'message', operation: 'sendText', instanceId, to: '={{ $json.numbers }}', text: 'Hello' }, scene);

  it('ends the execution with what happened and how to fix it', async () => {
    const workflow = await scene.workflow('A number without WhatsApp', ...numbers(), sendText());
    await scene.n8n.testRun(workflow, 'Start');
    const execution = await scene.onlyExecution(workflow);
    expect(execution.status).toBe('error');
    expect(execution.data.resultData.error).toMatchObject({ message: expect.stringMatching(/99955500000.*WhatsApp/i), description: expect.stringMatching(/number/i) });
  });

  it('goes on with the others when the node says so, and pairs each with its item', async () => {
    const workflow = await scene.workflow('Some numbers without WhatsApp', ...numbers(), { ...sendText(), onError: 'continueRegularOutput' });
    await scene.n8n.testRun(workflow, 'Start');
    const execution = await scene.onlyExecution(workflow);
    expect(execution.status).toBe('success');
    expect(itemsOf(execution, 'Send Text')).toMatchObject([
      { json: { status: 'sent' }, pairedItem: { item: 0 } },
      { json: { error: { code: 'recipient_not_on_whatsapp' } }, pairedItem: { item: 1 } },
      { json: { status: 'sent' }, pairedItem: { item: 2 } },
    ]);
    expect(await scene.contact('15550003333').received()).toMatchObject([{ text: 'Hello', times: 1 }]);
  });
});
