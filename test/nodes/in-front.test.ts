import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ILoadOptionsFunctions } from 'n8n-workflow';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { additionalData } from './support/additional-data.js';
import { core, workflowLibrary } from './support/n8n.js';
import { loadPack, type Pack } from './support/pack.js';
import { runChasqui, type NodeRun } from './support/run-node.js';

// Not the gateway but what may stand in its place: a proxy with a page of its own, a redirect, another server, nothing. A
// real gateway gives none of these answers, so here a small server gives them.
let pack: Pack;
let server: Server | undefined;
beforeAll(async () => { pack = await loadPack(); });
afterEach(async () => {
  await new Promise(resolve => (server === undefined ? resolve(undefined) : server.close(resolve)));
  server = undefined;
});

async function listen(answer: RequestListener): Promise<string> {
  const started = createServer(answer);
  await new Promise<void>(resolve => started.listen(0, '127.0.0.1', resolve));
  server = started;
  return `http://127.0.0.1:${(started.address() as AddressInfo).port}`;
}

async function getStatus(baseUrl: string, operation = 'getStatus'): Promise<NodeRun> {
  return await runChasqui(pack, { baseUrl, apiKey: 'key' }, { resource: 'instance', operation, instanceId: { __rl: true, mode: 'id', value: 'demo' }, binaryPropertyName: 'data' });
}

describe('instead of the gateway', () => {
  test('nothing listens', async () => {
    const baseUrl = await listen(() => {});
    await new Promise(resolve => server?.close(resolve));
    server = undefined;
    const { error } = await getStatus(baseUrl);
    expect(error?.message).toBe(`The Chasqui gateway did not answer at ${baseUrl} (ECONNREFUSED)`);
    expect(error?.description).toContain('Docker');
    expect(error).toMatchObject({ name: 'NodeApiError', context: { itemIndex: 0 } });
  });

  test('a host that does not exist', async () => {
    const { error } = await getStatus('http://gateway.invalid:3000');
    expect(error?.message).toMatch(/did not answer at http:\/\/gateway\.invalid:3000 \((ENOTFOUND|EAI_AGAIN)\)/);
  });

  test('the connection is cut in the middle of the answer', async () => {
    const baseUrl = await listen((request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{', () => request.socket.destroy());
    });
    const { error } = await getStatus(baseUrl);
    expect(error?.message).toContain('was lost before it answered');
    expect(error?.description).toContain('before you send it again');
  });

  test('a proxy answers with a page of its own', async () => {
    const baseUrl = await listen((_request, response) => response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad Gateway</h1>'));
    for (const operation of ['getStatus', 'getQrCode']) {
      const { error } = await getStatus(baseUrl, operation);
      expect(error).toMatchObject({ message: 'The gateway answered with HTTP status 502 and no explanation', httpCode: '502' });
      expect(error?.description).toContain('proxy');
    }
  });

  test('another server knows no such address', async () => {
    const baseUrl = await listen((_request, response) => response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"nope"}'));
    const { error } = await getStatus(baseUrl);
    expect(error).toMatchObject({ httpCode: '404', description: expect.stringContaining('Base URL') as string });
  });

  test('a redirect is not followed, since it would lose the message', async () => {
    const baseUrl = await listen((request, response) => response.writeHead(301, { location: `https://elsewhere.example${request.url}` }).end());
    const { error } = await getStatus(baseUrl);
    expect(error?.message).toBe('The Base URL redirects to https://elsewhere.example/instances/demo/status; enter that address in the Chasqui credential');
  });

  test('a server that answers the list of instances with something else', async () => {
    const baseUrl = await listen((_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Hello</html>'));
    const { error } = await getStatus(baseUrl);
    expect(error).toMatchObject({ name: 'NodeApiError', message: expect.stringContaining('not a Chasqui gateway') as string });
    const node = {
      id: '1', name: 'Chasqui', type: 'n8n-nodes-chasqui.chasqui', typeVersion: 1, position: [0, 0] as [number, number], parameters: {},
      credentials: { chasquiApi: { id: '1', name: 'Gateway' } },
    };
    const workflow = new workflowLibrary.Workflow({ nodes: [node], connections: {}, active: false, nodeTypes: pack.nodeTypes });
    const context = new core.LoadOptionsContext(workflow, node, additionalData(pack, { baseUrl, apiKey: 'key' }), 'parameters/instanceId');
    const search = pack.nodes.chasqui.methods?.listSearch?.['searchInstances'] as (this: ILoadOptionsFunctions) => Promise<unknown>;
    await expect(search.call(context)).rejects.toThrow('not a Chasqui gateway');
  });
});
