import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { INodeExecutionData, INodeParameters } from 'n8n-workflow';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';
import { loadPack, type Pack } from './support/pack.js';
import { runChasqui, type NodeRun } from './support/run-node.js';

const PHONE = '15550001111';
const CONTACT = '15550002222';
const OTHER = '15550003333';

let pack: Pack;
let stack: Stack;
beforeAll(async () => {
  pack = await loadPack();
  stack = await startStack();
  await stack.pair('demo', PHONE);
});
afterAll(async () => { await stack?.stop(); });
afterEach(() => { stack.simulator.faults.clear(); });

const demo = { __rl: true, mode: 'list', value: 'demo' };
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

async function send(parameters: INodeParameters, items?: INodeExecutionData[], settings?: Parameters<typeof runChasqui>[4]): Promise<NodeRun> {
  return await runChasqui(pack, { baseUrl: stack.gatewayUrl, apiKey: stack.apiKey }, { resource: 'message', instanceId: demo, options: {}, ...parameters }, items, settings);
}

/** What a failed item tells with Continue On Fail. */
function failure(item: INodeExecutionData | undefined): { message?: string; description?: string; code?: string } {
  return { ...item?.json['error'] as object };
}

/** What the contact decrypted under this id, once it is there. */
async function arrived(number: string, messageId: unknown): Promise<Record<string, unknown>> {
  const find = () => stack.simulator.contacts.received(number).find(message => message.messageId === messageId);
  await until(`${String(messageId)} at ${number}`, () => find() !== undefined);
  return { ...find() };
}

describe('Send Text', () => {
  test('sends one message for each item, each with its own expressions, paired with its item', async () => {
    const items = [CONTACT, OTHER, CONTACT].map((number, index) => ({ json: { number: `+${number}`, text: `Message ${index}` } }));
    const { outputs: [sent = []], error } = await send({ operation: 'sendText', to: '={{ $json.number }}', text: '={{ $json.text }}' }, items);
    expect(error).toBeUndefined();
    expect(sent.map(item => item.pairedItem)).toEqual([{ item: 0 }, { item: 1 }, { item: 2 }]);
    expect(sent.map(item => item.json['status'])).toEqual(['sent', 'sent', 'sent']);
    for (const [index, item] of sent.entries()) {
      expect(await arrived([CONTACT, OTHER, CONTACT][index] ?? '', item.json['messageId'])).toMatchObject({ type: 'text', text: `Message ${index}`, times: 1 });
    }
  });

  test('takes a number that is a number, as a spreadsheet gives it', async () => {
    const { outputs: [sent = []] } = await send({ operation: 'sendText', to: '={{ $json.phone }}', text: 'Hi' }, [{ json: { phone: Number(CONTACT) } }]);
    expect(await arrived(CONTACT, sent[0]?.json['messageId'])).toMatchObject({ text: 'Hi' });
  });

  test('answers a message, and mentions people from a list or from text', async () => {
    const first = await send({ operation: 'sendText', to: CONTACT, text: 'First' });
    const quotedMessageId = String(first.outputs[0]?.[0]?.json['messageId']);
    for (const mentions of [`+${CONTACT}, ${OTHER}`, '={{ $json.people }}']) {
      const { outputs: [sent = []], error } = await send(
        { operation: 'sendText', to: CONTACT, text: `@${CONTACT} @${OTHER}`, options: { mentions, quotedMessageId } }, [{ json: { people: [CONTACT, OTHER] } }],
      );
      expect(error).toBeUndefined();
      const message = await arrived(CONTACT, sent[0]?.json['messageId']);
      expect(message['text']).toBe(`@${CONTACT} @${OTHER}`);
    }
  });

  test('refuses to mention what is neither a number nor an address, and sends nothing', async () => {
    const before = stack.simulator.contacts.received(CONTACT).length;
    const { error } = await send({ operation: 'sendText', to: CONTACT, text: '@Ana', options: { mentions: 'Ana' } });
    expect(error).toMatchObject({ httpCode: '400', errorResponse: { code: 'recipient_invalid', field: 'mentions' } });
    await send({ operation: 'sendText', to: CONTACT, text: 'Next' });
    await until('the next', () => stack.simulator.contacts.received(CONTACT).some(message => message.text === 'Next'));
    expect(stack.simulator.contacts.received(CONTACT)).toHaveLength(before + 1);
  });

  test('says what happened and how to fix it, for the item that failed', async () => {
    const items = [{ json: { to: CONTACT } }, { json: { to: '99912345678' } }];
    const { error, outputs } = await send({ operation: 'sendText', to: '={{ $json.to }}', text: 'Hi' }, items);
    expect(outputs).toEqual([]);
    expect(error?.message).toMatch(/not on WhatsApp/);
    expect(error?.description).toContain('Field: to.');
    expect(error?.description).toContain('country code');
    expect(error).toMatchObject({ name: 'NodeApiError', httpCode: '422', context: { itemIndex: 1 } });
  });

  test('does not claim that a message was sent that WhatsApp refused', async () => {
    stack.simulator.faults.add({ kind: 'ack-error', code: 463, count: 1 });
    const { error, outputs } = await send({ operation: 'sendText', to: CONTACT, text: 'Refused' });
    expect(outputs).toEqual([]);
    expect(error).toMatchObject({ httpCode: '502' });
    expect(error?.message).toContain('463');
  });
});

describe('with Continue On Fail', () => {
  const parameters: INodeParameters = { operation: 'sendText', to: '={{ $json.to }}', text: 'Hi' };
  const items = [CONTACT, '99912345678', 'no number', OTHER].map(to => ({ json: { to } }));

  test('a failed item tells its failure and the others are sent', async () => {
    const { outputs: [sent = []], error } = await send(parameters, items, { onError: 'continueRegularOutput' });
    expect(error).toBeUndefined();
    expect(sent.map(item => item.pairedItem)).toEqual([0, 1, 2, 3].map(item => ({ item })));
    expect(sent.map(item => item.json['status'] ?? failure(item).code)).toEqual(['sent', 'recipient_not_on_whatsapp', 'recipient_invalid', 'sent']);
    expect(failure(sent[1])).toMatchObject({ message: expect.stringContaining('WhatsApp') as string, description: expect.stringContaining('country code') as string });
  });

  test('failed items take the error output, with what they carried', async () => {
    const { outputs: [sent = [], failed = []] } = await send(parameters, items, { onError: 'continueErrorOutput' });
    expect(sent.map(item => item.json['status'])).toEqual(['sent', 'sent']);
    expect(failed.map(item => [item.json['to'], failure(item).code])).toEqual([['99912345678', 'recipient_not_on_whatsapp'], ['no number', 'recipient_invalid']]);
  });

  test('an item without an instance fails alone', async () => {
    const { outputs: [sent = []] } = await send(
      { ...parameters, to: CONTACT, instanceId: { __rl: true, mode: 'id', value: '={{ $json.instance }}' } },
      ['demo', '', 'nobody'].map(instance => ({ json: { instance } })), { onError: 'continueRegularOutput' },
    );
    expect(sent.map(item => item.json['status'] ?? failure(item).code ?? failure(item).message)).toEqual(['sent', 'No instance is chosen', 'instance_not_found']);
  });
});

describe('Send Media', () => {
  const binaryItem = (bytes: Buffer, mimeType: string, fileName?: string): INodeExecutionData =>
    ({ json: {}, binary: { data: { data: bytes.toString('base64'), mimeType, ...(fileName === undefined ? {} : { fileName }) } } });

  test.each([
    ['image', 'image/png', 'sun.png'], ['video', 'video/mp4', 'film.mp4'], ['audio', 'audio/ogg; codecs=opus', 'song.ogg'],
    ['document', 'application/pdf', 'Año "nuevo"; ½.pdf'],
  ])('%s: the binary data of the item arrives byte for byte', async (mediaType, mimeType, fileName) => {
    const bytes = randomBytes(300_000);
    const { outputs: [sent = []], error } = await send(
      { operation: 'sendMedia', to: CONTACT, mediaType, source: 'binary', binaryPropertyName: 'data', caption: 'Grüße 👋' }, [binaryItem(bytes, mimeType, fileName)],
    );
    expect(error).toBeUndefined();
    const message = await arrived(CONTACT, sent[0]?.json['messageId']);
    expect(message).toMatchObject({ type: mediaType, sha256: sha256(bytes), times: 1 });
    expect(message['caption']).toBe(mediaType === 'audio' ? undefined : 'Grüße 👋');
    if (mediaType === 'document') expect(message['fileName']).toBe(fileName);
  });

  test('many items, each with its file; one without a file fails alone', async () => {
    const files = [1, 2, 3].map(() => randomBytes(40_000));
    const items = [...files.map(bytes => binaryItem(bytes, 'image/jpeg')), { json: {} }];
    const { outputs: [sent = []] } = await send(
      { operation: 'sendMedia', to: CONTACT, mediaType: 'image', source: 'binary', binaryPropertyName: 'data' }, items, { onError: 'continueRegularOutput' },
    );
    for (const [index, bytes] of files.entries()) expect(await arrived(CONTACT, sent[index]?.json['messageId'])).toMatchObject({ sha256: sha256(bytes) });
    expect(failure(sent[3]).message).toMatch(/binary/);
  });

  test('a URL is fetched by the gateway; the type is the user\'s', async () => {
    const bytes = randomBytes(50_000);
    const web = createServer((_request, response) => response.writeHead(200, { 'content-type': 'audio/ogg' }).end(bytes));
    await new Promise<void>(resolve => web.listen(0, '127.0.0.1', resolve));
    const mediaUrl = `http://127.0.0.1:${(web.address() as AddressInfo).port}/note.ogg`;
    try {
      const { outputs: [sent = []], error } = await send({
        operation: 'sendMedia', to: CONTACT, mediaType: 'audio', source: 'url', mediaUrl, voice: true, options: { mimetype: 'audio/ogg; codecs=opus' },
      });
      expect(error).toBeUndefined();
      expect(await arrived(CONTACT, sent[0]?.json['messageId'])).toMatchObject({ type: 'audio', sha256: sha256(bytes), mimetype: 'audio/ogg; codecs=opus' });
    } finally {
      await new Promise(resolve => web.close(resolve));
    }
    const { error } = await send({ operation: 'sendMedia', to: CONTACT, mediaType: 'image', source: 'url', mediaUrl });
    expect(error).toMatchObject({ httpCode: '422' });
    expect(error?.description).toContain('Binary Data');
  });

  test('a voice note from binary data, under another name, answering a message', async () => {
    const bytes = randomBytes(20_000);
    const quotedMessageId = String((await send({ operation: 'sendText', to: CONTACT, text: 'Say it' })).outputs[0]?.[0]?.json['messageId']);
    const { outputs: [sent = []], error } = await send(
      { operation: 'sendMedia', to: CONTACT, mediaType: 'audio', source: 'binary', binaryPropertyName: 'data', voice: true, options: { mimetype: 'audio/ogg; codecs=opus', quotedMessageId } },
      [binaryItem(bytes, 'application/octet-stream', 'some/where/note.bin')],
    );
    expect(error).toBeUndefined();
    expect(await arrived(CONTACT, sent[0]?.json['messageId'])).toMatchObject({ type: 'audio', sha256: sha256(bytes), mimetype: 'audio/ogg; codecs=opus' });
  });
});

test('Send Location sends the point with name and address', async () => {
  const { outputs: [sent = []], error } = await send({
    operation: 'sendLocation', to: CONTACT, latitude: -13.163141, longitude: -72.544963, options: { name: 'Machu Picchu', address: 'Aguas Calientes' },
  });
  expect(error).toBeUndefined();
  const message = await arrived(CONTACT, sent[0]?.json['messageId']);
  expect(message).toMatchObject({ type: 'location', location: { latitude: -13.163141, longitude: -72.544963, name: 'Machu Picchu', address: 'Aguas Calientes' } });
});
