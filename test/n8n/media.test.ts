import { createHash, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './support/eventually.js';
import { itemsOf } from './support/executions.js';
import { ACCOUNT, instanceId, openScene, type Scene } from './support/scene.js';
import { CHASQUI, CHASQUI_TRIGGER, node } from './support/workflows.js';

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe('media', () => {
  const brochure = randomBytes(300_000);
  let scene: Scene;
  let web: Server;
  let webUrl: string;
  beforeAll(async () => {
    web = createServer((_request, response) => response.writeHead(200, { 'content-type': 'application/pdf' }).end(brochure));
    await new Promise<void>(resolve => web.listen(0, '127.0.0.1', resolve));
    webUrl = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
    scene = await openScene();
  });
  afterAll(async () => {
    await scene?.close();
    await new Promise(resolve => web.close(resolve));
  });

  it('Send Media sends the binary data of another node, byte for byte', async () => {
    const ana = scene.contact('15550002222');
    const workflow = await scene.workflow(
      'Send a brochure',
      node('Start', 'n8n-nodes-base.manualTrigger', {}),
      node('Fetch', 'n8n-nodes-base.httpRequest', { url: `${webUrl}/brochure.pdf`, options: { response: { response: { responseFormat: 'file' } } } }, { typeVersion: 4.2 }),
      node('Send Media', CHASQUI, { resource: 'message', operation: 'sendMedia', instanceId, to: ana.number, mediaType: 'document', source: 'binary', binaryPropertyName: 'data', caption: 'As promised' }, scene),
    );
    const { executionId } = await scene.n8n.testRun(workflow, 'Start');
    const execution = await scene.onlyExecution(workflow);
    expect(execution.id).toBe(executionId);
    expect(itemsOf(execution, 'Send Media')).toMatchObject([{ json: { status: 'sent' } }]);

    const document = await ana.hears('the brochure', message => message.sha256 !== undefined);
    expect(document).toMatchObject({ type: 'document', caption: 'As promised', fileName: 'brochure.pdf', mimetype: 'application/pdf', sha256: sha256(brochure), times: 1 });
  });

  it('Download Media puts the file on the item, and Send Media sends it back', async () => {
    const picture = randomBytes(250_000);
    const bea = scene.contact('15550003333');
    const workflow = await scene.workflow(
      'Echo a picture',
      node('Chasqui Trigger', CHASQUI_TRIGGER, { instanceId, events: ['message.received'], downloadMedia: true }, scene),
      node('Send Media', CHASQUI, { resource: 'message', operation: 'sendMedia', instanceId, to: '={{ $json.replyTo }}', mediaType: 'image', caption: '={{ $json.caption }}' }, scene),
    );
    await scene.activate(workflow);
    await bea.write(ACCOUNT, { image: { base64: picture.toString('base64'), mimetype: 'image/png', caption: 'our house' } });

    const echo = await bea.hears('the picture', message => message.sha256 !== undefined);
    expect(echo).toMatchObject({ type: 'image', caption: 'our house', mimetype: 'image/png', sha256: sha256(picture), times: 1 });
    const [item] = itemsOf(await scene.onlyExecution(workflow), 'Chasqui Trigger');
    const binary = item?.binary?.['data'];
    expect(binary).toMatchObject({ mimeType: 'image/png' });
    const bytes = await eventually('the binary data', async () => binary && scene.n8n.binary(binary));
    expect(sha256(bytes)).toBe(sha256(picture));
  });
});
