import { createHash, randomBytes } from 'node:crypto';
import type { INodeExecutionData, INodeParameters } from 'n8n-workflow';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';
import { loadPack, type Pack } from './support/pack.js';
import { runChasqui } from './support/run-node.js';
import { startTriggerHost, type TriggerHost } from './support/trigger-host.js';

const PHONE = '15550001111';
const FRIEND = '15550003333';
const CONTACT = '15550002222';

let pack: Pack;
let stack: Stack;
let host: TriggerHost;

beforeAll(async () => {
  pack = await loadPack();
  stack = await startStack();
  await stack.pair('demo', PHONE);
  await stack.pair('friend', FRIEND);
});
afterAll(async () => { await stack?.stop(); });
beforeEach(async () => { host = await startTriggerHost(pack, access(), on('demo', ['message.received'])); });
afterEach(async () => {
  stack.simulator.faults.clear();
  await host.deactivate();
  await host.deactivate(true);
  await host.stop();
});

const access = () => ({ baseUrl: stack.gatewayUrl, apiKey: stack.apiKey });
const on = (instanceId: string, events: string[], more: INodeParameters = {}): INodeParameters =>
  ({ instanceId: { __rl: true, mode: 'list', value: instanceId }, events, ...more });
const webhooks = async (instanceId = 'demo') =>
  (await stack.api.get(`/instances/${instanceId}/webhooks`) as { webhooks: { id: string; url: string; events: string[] }[] }).webhooks;
const items = (): INodeExecutionData[] => host.executions.flat();

async function started(messageId: unknown): Promise<INodeExecutionData> {
  const find = () => items().find(item => item.json['messageId'] === messageId);
  await until(`an execution for ${String(messageId)}`, () => find() !== undefined);
  return find() as INodeExecutionData;
}

/** Chasqui sends from demo; answers the message id. */
async function send(parameters: INodeParameters, input?: INodeExecutionData[]): Promise<string> {
  const run = await runChasqui(pack, access(), { resource: 'message', instanceId: on('demo', [])['instanceId'], to: FRIEND, options: {}, ...parameters } as INodeParameters, input);
  expect(run.error).toBeUndefined();
  return String(run.outputs[0]?.[0]?.json['messageId']);
}

describe('the webhook of the trigger', () => {
  test('is registered on activation with a secret of its own, found again, and removed on deactivation', async () => {
    expect(await host.activate()).toBe(false);
    expect(await webhooks()).toMatchObject([{ url: host.url(), events: ['message.received'] }]);
    expect(JSON.stringify(host.staticData())).toMatch(/"secret":"whsec_[A-Za-z0-9+/]{43}="/);
    expect(await host.activate()).toBe(true);
    expect(await webhooks()).toHaveLength(1);
    expect(await host.deactivate()).toBe(true);
    expect(await webhooks()).toEqual([]);
    expect(JSON.stringify(host.staticData())).not.toContain('whsec_');
  });

  test('exists twice while the editor listens beside an active workflow, and each brings its deliveries', async () => {
    await host.activate();
    await host.activate(true);
    expect((await webhooks()).map(webhook => webhook.url).sort()).toEqual([host.url(), host.url(true)].sort());
    const { messageId } = await stack.simulator.contacts.write(CONTACT, { to: PHONE, text: 'To both' });
    await until('both deliveries', () => items().filter(item => item.json['messageId'] === messageId).length === 2);
    expect(host.received.map(request => request.isTest).sort()).toEqual([false, true]);
    await host.deactivate(true);
    expect((await webhooks()).map(webhook => webhook.url)).toEqual([host.url()]);
  });

  test('is replaced, not doubled, when its secret was lost, its events were changed, or it moves to another instance', async () => {
    await host.activate();
    host.staticData()['registrations'] = {};
    expect(await host.activate()).toBe(false);
    expect(await webhooks()).toHaveLength(1);

    host.setParameters(on('demo', ['message.received', 'instance.status']));
    expect(await host.activate()).toBe(false);
    expect(await webhooks()).toMatchObject([{ events: ['message.received', 'instance.status'] }]);

    host.setParameters(on('friend', ['message.received']));
    expect(await host.activate()).toBe(false);
    expect(await webhooks()).toEqual([]);
    expect(await webhooks('friend')).toHaveLength(1);
  });

  test('is made again when somebody removed it at the gateway', async () => {
    await host.activate();
    const [webhook] = await webhooks();
    await stack.api.remove(`/instances/demo/webhooks/${webhook?.id}`, 204);
    expect(await host.exists()).toBe(false);
    expect(await host.activate()).toBe(false);
    expect(await webhooks()).toHaveLength(1);
    await stack.api.remove(`/instances/demo/webhooks/${(await webhooks())[0]?.id}`, 204);
    expect(await host.deactivate()).toBe(true);
  });

  test('cannot be registered for an instance that does not exist, nor without an event', async () => {
    host.setParameters(on('nobody', ['message.received']));
    await expect(host.activate()).rejects.toMatchObject({ name: 'NodeApiError', httpCode: '404' });
    host.setParameters(on('demo', []));
    await expect(host.activate()).rejects.toThrow('No event is chosen');
    host.setParameters({ ...on('demo', ['message.received']), instanceId: { __rl: true, mode: 'list', value: '' } });
    await expect(host.activate()).rejects.toThrow('No instance is chosen');
  });
});

describe('Message Received', () => {
  test('starts the workflow with the message, and its replyTo is good for an answer', async () => {
    await host.activate();
    const { messageId } = await stack.simulator.contacts.write(CONTACT, { to: PHONE, text: 'Is the shop open?' });
    const { json } = await started(messageId);
    expect(json).toMatchObject({
      type: 'message.received', instanceId: 'demo', text: 'Is the shop open?', messageType: 'text', isGroup: false,
      sender: { phone: CONTACT }, eventId: expect.stringMatching(/^evt_/) as string,
    });
    const answer = await send({ operation: 'sendText', to: '={{ $json.replyTo }}', text: 'Until six', options: { quotedMessageId: '={{ $json.messageId }}' } }, [{ json }]);
    await until('the answer', () => stack.simulator.contacts.received(CONTACT).some(message => message.messageId === answer && message.text === 'Until six'));
  });

  test('is refused with 401 if the gateway signs with another secret', async () => {
    await host.activate();
    const [webhook] = await webhooks();
    await stack.api.patch(`/instances/demo/webhooks/${webhook?.id}`, { secret: `whsec_${randomBytes(32).toString('base64')}` });
    await stack.simulator.contacts.write(CONTACT, { to: PHONE, text: 'Not for you' });
    await until('the delivery', () => host.received.length > 0);
    expect(host.received[0]).toMatchObject({ status: 401 });
    expect(host.executions).toEqual([]);
  });

  test('another account reads the quote, the mentions and the voice note that Chasqui sent', async () => {
    host.setParameters(on('friend', ['message.received']));
    await host.activate();
    const first = await started(await send({ operation: 'sendText', text: 'First' }));
    expect(first.json).toMatchObject({ instanceId: 'friend', text: 'First', sender: { phone: PHONE } });

    const second = await started(await send({ operation: 'sendText', text: `Second, @${CONTACT}`, options: { quotedMessageId: first.json['messageId'] as string, mentions: `00${CONTACT}` } }));
    expect(second.json).toMatchObject({ quoted: { messageId: first.json['messageId'] }, mentions: [`${CONTACT}@s.whatsapp.net`] });

    const bytes = randomBytes(10_000).toString('base64');
    const voice = await started(await send(
      { operation: 'sendMedia', mediaType: 'audio', source: 'binary', binaryPropertyName: 'data', voice: true, options: { quotedMessageId: first.json['messageId'] as string } },
      [{ json: {}, binary: { data: { data: bytes, mimeType: 'audio/ogg; codecs=opus' } } }],
    ));
    expect(voice.json).toMatchObject({ media: { voice: true }, quoted: { messageId: first.json['messageId'] } });
  });
});

describe('Download Media', () => {
  const write = async (kind: 'image' | 'audio' | 'document', bytes: Buffer, more: { mimetype: string; fileName?: string }) =>
    await stack.simulator.contacts.write(CONTACT, { to: PHONE, [kind]: { base64: bytes.toString('base64'), ...more } });

  test.each([
    ['image', 'image/png', undefined, undefined], ['audio', 'audio/ogg; codecs=opus', undefined, undefined],
    ['document', 'application/pdf', 'Año nuevo.pdf', 'Año nuevo.pdf'], ['document', 'application/pdf', '../../etc/passwd.pdf', 'passwd.pdf'],
  ] as const)('puts a received %s (%s, %s) on the item', async (kind, mimetype, fileName, expected) => {
    host.setParameters(on('demo', ['message.received'], { downloadMedia: true, binaryPropertyName: 'file' }));
    await host.activate();
    const bytes = randomBytes(150_000);
    const { messageId } = await write(kind, bytes, { mimetype, ...(fileName === undefined ? {} : { fileName }) });
    const { binary, json } = await started(messageId);
    const file = binary?.['file'];
    expect(json['mediaError']).toBeUndefined();
    expect(createHash('sha256').update(Buffer.from(file?.data ?? '', 'base64')).digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(file?.mimeType).toBe(mimetype);
    if (expected !== undefined) expect(file?.fileName).toBe(expected);
    expect(file?.fileName).not.toContain('/');
  });

  test('leaves the file where it is if it was not asked for, and text needs none', async () => {
    await host.activate();
    const { messageId } = await write('image', randomBytes(1000), { mimetype: 'image/png' });
    expect(await started(messageId)).not.toHaveProperty('binary');
    host.setParameters(on('demo', ['message.received'], { downloadMedia: true, binaryPropertyName: 'file' }));
    const text = await stack.simulator.contacts.write(CONTACT, { to: PHONE, text: 'No file' });
    expect(await started(text.messageId)).not.toHaveProperty('binary');
  });

  test('waits for the next delivery when WhatsApp does not hand out the file at first', { timeout: 90_000 }, async () => {
    host.setParameters(on('demo', ['message.received'], { downloadMedia: true, binaryPropertyName: 'file' }));
    await host.activate();
    stack.simulator.faults.add({ kind: 'media-down' });
    const bytes = randomBytes(20_000);
    const { messageId } = await write('image', bytes, { mimetype: 'image/png' });
    await until('a refused delivery', () => host.received.some(request => request.status === 503), 60_000);
    expect(host.executions).toEqual([]);
    stack.simulator.faults.clear();
    await until('the execution', () => items().some(item => item.json['messageId'] === messageId), 60_000);
    expect((await started(messageId)).binary?.['file']?.data).toBe(bytes.toString('base64'));
    expect(items()).toHaveLength(1);
  });
});

test('Message Acknowledged starts the workflow for the chosen statuses only', async () => {
  host.setParameters(on('demo', ['message.ack'], { statuses: ['read', 'failed'] }));
  await host.activate();
  const messageId = await send({ operation: 'sendText', to: CONTACT, text: 'Read me' });
  await until('delivered', async () => (await stack.api.get(`/instances/demo/messages/${messageId}`) as { status: string }).status === 'delivered');
  stack.simulator.contacts.sendReceipt(CONTACT, messageId, 'read');
  await started(messageId);
  await until('all deliveries', () => host.received.length >= 3);
  expect(host.received.map(request => request.status)).toEqual([200, 200, 200]);
  expect(items().map(item => item.json['status'])).toEqual(['read']);
});

test('Instance Status Changed tells the new status and why', async () => {
  host.setParameters(on('friend', ['instance.status']));
  await host.activate();
  await stack.api.post('/instances/friend/disconnect', undefined, 200);
  await until('the execution', () => items().some(item => item.json['status'] === 'DISCONNECTED'));
  expect(items().find(item => item.json['status'] === 'DISCONNECTED')?.json).toMatchObject({
    type: 'instance.status', instanceId: 'friend', reason: 'disconnected_by_user', message: expect.stringMatching(/\w/) as string,
  });
  await stack.api.post('/instances/friend/connect', undefined, 200);
  await until('the connection', () => items().some(item => item.json['status'] === 'CONNECTED'));
});

test('a webhook that cannot be removed is kept in mind for the next activation', async () => {
  const away = await startTriggerHost(pack, { baseUrl: 'http://127.0.0.1:9', apiKey: 'key' }, on('demo', ['message.received']));
  away.staticData()['registrations'] = { [away.url()]: { instanceId: 'demo', secret: 'whsec_x' } };
  expect(await away.deactivate()).toBe(false);
  expect(JSON.stringify(away.staticData())).toContain('whsec_x');
  await away.stop();
});
