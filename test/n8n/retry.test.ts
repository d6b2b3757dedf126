import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLosingProxy, type LosingProxy } from '../nodes/support/losing-proxy.js';
import { eventually } from './support/eventually.js';
import { instanceId, openScene, type Scene } from './support/scene.js';
import { CHASQUI, node, type Connections } from './support/workflows.js';

describe('Retry On Fail on a connection that loses answers', () => {
  let scene: Scene;
  let proxy: LosingProxy;
  beforeAll(async () => {
    scene = await openScene();
    proxy = await startLosingProxy(scene.stack.gatewayUrl);
  });
  afterAll(async () => {
    await proxy?.stop();
    await scene?.close();
  });

  const ana = () => scene.contact('15550002222');

  /** The same message in each of two runs of a loop. */
  async function looping() {
    const credential = await scene.n8n.createCredential('Chasqui, badly connected', 'chasquiApi', { baseUrl: proxy.url, apiKey: scene.stack.apiKey });
    const nodes = [
      node('Start', 'n8n-nodes-base.manualTrigger', {}),
      node('Rounds', 'n8n-nodes-base.set', { mode: 'raw', jsonOutput: JSON.stringify({ rounds: [1, 2] }) }, { typeVersion: 3.4 }),
      node('Each', 'n8n-nodes-base.splitOut', { fieldToSplitOut: 'rounds' }),
      node('Loop Over Items', 'n8n-nodes-base.splitInBatches', { options: {} }, { typeVersion: 3 }),
      { ...node('Send Text', CHASQUI, { resource: 'message', operation: 'sendText', instanceId, to: ana().number, text: 'Round and round' }, { credential }), retryOnFail: true, waitBetweenTries: 100 },
    ];
    const to = (name: string) => [{ node: name, type: 'main' as const, index: 0 }];
    const connections: Connections = {
      'Start': { main: [to('Rounds')] }, 'Rounds': { main: [to('Each')] }, 'Each': { main: [to('Loop Over Items')] },
      'Loop Over Items': { main: [[], to('Send Text')] }, 'Send Text': { main: [to('Loop Over Items')] },
    };
    return await scene.n8n.createWorkflow('Round and round', nodes, connections);
  }

  it('sends once for each run of the node in a loop, and again when the workflow runs again', async () => {
    const workflow = await looping();
    for (const runs of [1, 2]) {
      proxy.loseNext((method, path) => method === 'POST' && path.endsWith('/messages/text'));
      await scene.n8n.testRun(workflow, 'Start');
      await eventually(`run ${runs} has ended well`, async () => {
        const ended = (await scene.n8n.executions(workflow.id)).filter(({ status }) => !['new', 'running'].includes(status));
        return ended.length === runs && ended.every(({ status }) => status === 'success') ? true : undefined;
      });
      expect(proxy.lost()).toBe(runs);
      const heard = await ana().received();
      expect(heard.map(({ text, times }) => [text, times])).toEqual(Array.from({ length: 2 * runs }, () => ['Round and round', 1]));
    }
  });
});
