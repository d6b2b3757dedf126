import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './support/eventually.js';
import { itemsOf } from './support/executions.js';
import { ACCOUNT, instanceId, openScene, type Scene } from './support/scene.js';
import { CHASQUI_TRIGGER, node } from './support/workflows.js';

describe('Execute workflow in the editor', () => {
  let scene: Scene;
  beforeAll(async () => { scene = await openScene(); });
  afterAll(async () => { await scene?.close(); });

  const listening = (name: string) => scene.workflow(name, node('Chasqui Trigger', CHASQUI_TRIGGER, { instanceId, events: ['message.received'] }, scene));
  const testUrl = async () => (await scene.webhookUrls()).find(url => url.includes('/webhook-test/'));

  it('registers the test URL, takes one event and removes it', async () => {
    const workflow = await listening('Try it');
    expect(await scene.n8n.testRun(workflow, 'Chasqui Trigger')).toMatchObject({ waitingForWebhook: true });
    await eventually('the test URL is registered', testUrl);
    await scene.contact('15550002222').write(ACCOUNT, { text: 'a try' });

    const execution = await scene.onlyExecution(workflow);
    expect(execution).toMatchObject({ status: 'success', mode: 'manual' });
    expect(itemsOf(execution, 'Chasqui Trigger')).toMatchObject([{ json: { text: 'a try' } }]);
    await eventually('the test URL is gone', async () => (await testUrl()) === undefined ? true : undefined);
  });

  it('leaves the production URL of an active workflow in place, and each is signed for itself', async () => {
    const workflow = await listening('Try it while it runs');
    const production = await scene.activate(workflow);
    await scene.n8n.testRun(workflow, 'Chasqui Trigger');
    await eventually('the test URL is registered', testUrl);
    await scene.contact('15550002222').write(ACCOUNT, { text: 'to both' });

    const modes = await eventually('both have run', async () => {
      const executions = await scene.n8n.executions(workflow.id);
      return executions.length >= 2 && executions.every(({ status }) => status === 'success') ? executions.map(({ mode }) => mode).sort() : undefined;
    });
    expect(modes).toEqual(['manual', 'webhook']);
    await eventually('the test URL is gone', async () => (await testUrl()) === undefined ? true : undefined);
    expect(await scene.webhookUrls()).toEqual([production]);
  });
});
