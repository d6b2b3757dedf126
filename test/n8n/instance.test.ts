import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { itemsOf } from './support/executions.js';
import { openScene, type Scene } from './support/scene.js';
import { CHASQUI, node } from './support/workflows.js';

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

describe('a new account, set up in n8n', () => {
  let scene: Scene;
  beforeAll(async () => { scene = await openScene(); });
  afterAll(async () => { await scene?.close(); });

  it('is created, connected, shown as a picture to scan, scanned, and connected', async () => {
    const support = { __rl: true, mode: 'id', value: 'support' };
    const instance = (name: string, operation: string, parameters: Record<string, unknown>) =>
      node(name, CHASQUI, { resource: 'instance', operation, ...parameters }, scene);
    const setUp = await scene.workflow(
      'Set up an account',
      node('Start', 'n8n-nodes-base.manualTrigger', {}),
      instance('Create', 'create', { newInstanceId: 'support', name: 'Support' }),
      instance('Connect', 'connect', { instanceId: support }),
      instance('Get QR Code', 'getQrCode', { instanceId: support }),
    );
    await scene.n8n.testRun(setUp, 'Start');
    const execution = await scene.onlyExecution(setUp);
    const [connected] = itemsOf(execution, 'Connect');
    expect(connected?.json).toMatchObject({ instanceId: 'support', hasQR: true });
    const picture = itemsOf(execution, 'Get QR Code')[0]?.binary?.['data'];
    expect(picture).toMatchObject({ mimeType: 'image/png', fileName: 'support-qr.png' });
    if (picture === undefined) throw new Error('no picture');
    expect((await scene.n8n.binary(picture)).subarray(0, PNG.length)).toEqual(PNG);

    const { simulator, api } = scene.stack;
    simulator.phones.add('15550009999');
    await simulator.phones.scan('15550009999', String(connected?.json['qr']));
    await api.untilStatus('support', 'CONNECTED');
    const look = await scene.workflow('Look at it', node('Start', 'n8n-nodes-base.manualTrigger', {}), instance('Get Status', 'getStatus', { instanceId: support }));
    await scene.n8n.testRun(look, 'Start');
    expect(itemsOf(await scene.onlyExecution(look), 'Get Status')).toMatchObject([{ json: { instanceId: 'support', status: 'CONNECTED', phoneNumber: '15550009999' } }]);
  });
});
