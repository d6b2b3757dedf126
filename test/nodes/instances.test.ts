import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ICredentialTestRequest, ILoadOptionsFunctions, INodeExecutionData, INodeListSearchResult, INodeParameters } from 'n8n-workflow';
import { startStack, type Stack } from '../support/stack.js';
import { additionalData, resolve } from './support/additional-data.js';
import { core, workflowLibrary } from './support/n8n.js';
import { loadPack, type Pack } from './support/pack.js';
import { runChasqui, type NodeRun } from './support/run-node.js';

let pack: Pack;
let stack: Stack;
beforeAll(async () => {
  pack = await loadPack();
  stack = await startStack();
  await stack.pair('demo', '15550001111');
});
afterAll(async () => { await stack?.stop(); });

async function run(parameters: INodeParameters, items?: INodeExecutionData[]): Promise<NodeRun> {
  return await runChasqui(pack, { baseUrl: `${stack.gatewayUrl}/`, apiKey: stack.apiKey }, { resource: 'instance', ...parameters }, items);
}
const byId = (value: string) => ({ __rl: true, mode: 'id', value });

describe('Instance', () => {
  test('Create, Connect, Get QR Code as a picture, and a scan of it', async () => {
    const created = await run({ operation: 'create', newInstanceId: 'sales', name: 'Sales Team' });
    expect(created.outputs[0]).toMatchObject([{ json: { instanceId: 'sales', name: 'Sales Team', status: 'DISCONNECTED' }, pairedItem: { item: 0 } }]);

    const early = await run({ operation: 'getQrCode', instanceId: byId('sales'), binaryPropertyName: 'data' });
    expect(early.error).toMatchObject({ name: 'NodeApiError', httpCode: '409' });
    expect(`${early.error?.message} ${early.error?.description}`).toMatch(/connect/i);

    const connected = await run({ operation: 'connect', instanceId: byId('sales') });
    expect(connected.outputs[0]).toMatchObject([{ json: { instanceId: 'sales', status: 'QR_READY', hasQR: true } }]);

    const picture = await run({ operation: 'getQrCode', instanceId: byId('sales'), binaryPropertyName: 'code' });
    expect(picture.error).toBeUndefined();
    const binary = picture.outputs[0]?.[0]?.binary?.['code'];
    expect(binary).toMatchObject({ mimeType: 'image/png', fileName: 'sales-qr.png', fileExtension: 'png' });
    expect(Buffer.from(binary?.data ?? '', 'base64').subarray(1, 4).toString()).toBe('PNG');

    stack.simulator.phones.add('15550004444');
    await stack.simulator.phones.scan('15550004444', String(connected.outputs[0]?.[0]?.json['qr']));
    await stack.api.untilStatus('sales', 'CONNECTED');
    const status = await run({ operation: 'getStatus', instanceId: byId('sales') });
    expect(status.outputs[0]).toMatchObject([{ json: { instanceId: 'sales', status: 'CONNECTED', phoneNumber: '15550004444' } }]);
  });

  test('Get Many gives one item for each instance, paired with the incoming item', async () => {
    const all = await run({ operation: 'getAll', returnAll: true }, [{ json: {} }, { json: {} }]);
    const once = (await stack.api.get('/instances') as { instances: unknown[] }).instances.length;
    expect(all.outputs[0]).toHaveLength(2 * once);
    expect(all.outputs[0]?.at(-1)?.pairedItem).toEqual({ item: 1 });
    expect(all.outputs[0]?.map(item => item.json['instanceId'])).toContain('demo');
    const limited = await run({ operation: 'getAll', returnAll: false, limit: 1 });
    expect(limited.outputs[0]).toHaveLength(1);
  });

  test.each([
    [{ operation: 'create', newInstanceId: 'demo', name: '' }, '409', /instance/i],
    [{ operation: 'create', newInstanceId: 'no spaces', name: '' }, '400', /instanceId/],
    [{ operation: 'getStatus', instanceId: byId('nobody') }, '404', /From List/],
    [{ operation: 'connect', instanceId: byId('={{ "../keys" }}') }, '400', /instanceId/],
  ])('%j is refused with what to do', async (parameters, httpCode, advice) => {
    const { error } = await run(parameters as INodeParameters);
    expect(error?.name).toBe('NodeApiError');
    expect(error?.httpCode).toBe(httpCode);
    expect(`${error?.message} ${error?.description}`).toMatch(advice);
  });
});

describe('the list of the field Instance', () => {
  async function search(filter?: string, apiKey = stack.apiKey): Promise<INodeListSearchResult> {
    const node = {
      id: '1', name: 'Chasqui', type: 'n8n-nodes-chasqui.chasqui', typeVersion: 1, position: [0, 0] as [number, number], parameters: {},
      credentials: { chasquiApi: { id: '1', name: 'Gateway' } },
    };
    const workflow = new workflowLibrary.Workflow({ nodes: [node], connections: {}, active: false, nodeTypes: pack.nodeTypes });
    const context = new core.LoadOptionsContext(workflow, node, additionalData(pack, { baseUrl: stack.gatewayUrl, apiKey }), 'parameters/instanceId');
    const method = pack.nodes.chasqui.methods?.listSearch?.['searchInstances'] as (this: ILoadOptionsFunctions, filter?: string) => Promise<INodeListSearchResult>;
    return await method.call(context, filter);
  }

  test('shows name and status, and is searchable', async () => {
    await stack.api.post('/instances', { instanceId: 'support', name: 'Customer Care' }, 201);
    const { results } = await search();
    expect(results).toEqual(expect.arrayContaining([
      { name: 'Customer Care (support)', value: 'support', description: 'Disconnected' }, { name: 'demo', value: 'demo', description: 'Connected' },
    ]));
    expect((await search('customer')).results).toEqual([{ name: 'Customer Care (support)', value: 'support', description: 'Disconnected' }]);
    expect((await search('nothing like it')).results).toEqual([]);
  });

  test('tells that the key is wrong', async () => {
    await expect(search('', 'wrong')).rejects.toMatchObject({ httpCode: '401', description: expect.stringContaining('API key') as string });
  });
});

test('the test of the credential asks a route that needs the key', async () => {
  const credentials = { baseUrl: `${stack.gatewayUrl}//`, apiKey: stack.apiKey };
  const node = { id: '1', name: 'Chasqui', type: 'n8n-nodes-chasqui.chasqui', typeVersion: 1, position: [0, 0] as [number, number], parameters: {} };
  const workflow = new workflowLibrary.Workflow({ nodes: [node], connections: {}, active: false, nodeTypes: pack.nodeTypes });
  const { request } = pack.credential.test as ICredentialTestRequest;
  const url = resolve(String(request.baseURL), credentials, workflow, node) + String(request.url);
  expect(url).toBe(`${stack.gatewayUrl}/instances`);
  expect((await fetch(url, { headers: { 'X-API-Key': stack.apiKey } })).status).toBe(200);
  expect((await fetch(url, { headers: { 'X-API-Key': 'wrong' } })).status).toBe(401);
});
