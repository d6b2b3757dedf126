import type { INodeExecutionData, INodeParameters } from 'n8n-workflow';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';
import { startLosingProxy } from './support/losing-proxy.js';
import { loadPack, type Pack } from './support/pack.js';
import { runChasqui, type NodeRun } from './support/run-node.js';

const PHONE = '15550001111';
const CONTACT = '15550002222';

let pack: Pack;
let stack: Stack;
/** A group of the account alone: WhatsApp takes a message to it, and nobody is there who could have it delivered. */
let nobody: string;

beforeAll(async () => {
  pack = await loadPack();
  stack = await startStack();
  await stack.pair('demo', PHONE);
  await stack.api.patch('/instances/demo', { settings: { sendIntervalMs: 0, recipientIntervalMs: 0 } });
  nobody = stack.simulator.groups.create({ subject: 'Alone', members: [PHONE] }).jid;
});
afterAll(async () => { await stack?.stop(); });
afterEach(() => { stack.simulator.faults.clear(); });

interface Setting { timezone?: string; baseUrl?: string; items?: INodeExecutionData[] }

async function chasqui(parameters: INodeParameters, { timezone, baseUrl = stack.gatewayUrl, items }: Setting = {}): Promise<NodeRun> {
  const instanceId = { __rl: true, mode: 'id', value: 'demo' };
  const all = { resource: 'message', operation: 'sendText', instanceId, to: CONTACT, text: 'Hello', options: {}, ...parameters };
  return await runChasqui(pack, { baseUrl, apiKey: stack.apiKey }, all, items, {}, timezone === undefined ? {} : { timezone });
}
const only = ({ outputs, error }: NodeRun): Record<string, unknown> => {
  expect(error).toBeUndefined();
  expect(outputs[0]).toHaveLength(1);
  return { ...outputs[0]?.[0]?.json };
};

describe('Wait For: Delivery', () => {
  test('answers when the message is on the phone', async () => {
    const json = only(await chasqui({ waitFor: 'delivery' }));
    expect(json).toMatchObject({ status: expect.stringMatching(/^(delivered|read)$/) as string, timedOut: false, deliveredAt: expect.stringMatching(/Z$/) as string });
    expect(stack.simulator.contacts.received(CONTACT).some(message => message.messageId === json['messageId'])).toBe(true);
  });

  test('goes on with what is known when the time is over: the message was sent', async () => {
    const begun = Date.now();
    const json = only(await chasqui({ waitFor: 'delivery', waitSeconds: 1, to: nobody }));
    expect(json).toMatchObject({ status: 'sent', timedOut: true, sentAt: expect.any(String) as string });
    expect(Date.now() - begun).toBeGreaterThanOrEqual(950);
  });

  test('asks again when the gateway does not tell, since the message is out', async () => {
    const proxy = await startLosingProxy(stack.gatewayUrl);
    try {
      proxy.loseNext((_method, path) => path.includes('waitFor='));
      expect(only(await chasqui({ waitFor: 'delivery' }, { baseUrl: proxy.url }))).toMatchObject({ timedOut: false });
      expect(proxy.lost()).toBe(1);
    } finally {
      await proxy.stop();
    }
  });

  test('fails where the send itself fails', async () => {
    stack.simulator.faults.add({ kind: 'ack-error', code: 463, count: 1 });
    const { error } = await chasqui({ waitFor: 'delivery' });
    expect(error).toMatchObject({ httpCode: '502', message: expect.stringContaining('463') as string });
  });
});

describe('Wait For: Nothing (Queue It)', () => {
  test.each([
    ['sendText', {}], ['sendLocation', { latitude: 1, longitude: 2 }],
    ['sendMedia', { mediaType: 'document', source: 'binary', binaryPropertyName: 'data' }],
  ])('%s answers with its place in the queue, and the message arrives', async (operation, more) => {
    const items = [{ json: {}, binary: { data: { data: Buffer.from('queued').toString('base64'), mimeType: 'text/plain', fileName: 'note.txt' } } }];
    const json = only(await chasqui({ operation, waitFor: 'nothing', ...more }, { items }));
    expect(json).toMatchObject({ queueId: expect.any(String) as string, status: 'queued', correlationId: expect.any(String) as string });
    await until('its arrival', () => stack.simulator.contacts.received(CONTACT).some(message => message.messageId === json['messageId']));
  });

  test('holds messages for an instance that is not connected', async () => {
    await stack.api.post('/instances/demo/disconnect', undefined, 200);
    const json = only(await chasqui({ waitFor: 'nothing' }));
    expect(only(await chasqui({ operation: 'getStatus', messageId: json['messageId'] as string }))).toMatchObject({ status: 'queued', direction: 'out' });
    await stack.api.post('/instances/demo/connect', undefined, 200);
    await until('its arrival', () => stack.simulator.contacts.received(CONTACT).some(message => message.messageId === json['messageId']));
  });
});

describe('Scheduled At and Expires At', () => {
  const nextYear = new Date().getUTCFullYear() + 1;
  const local = `${nextYear}-01-05T18:00:00`;

  test.each([
    ['as the field gives it, in the time zone of the workflow', local, 'America/Lima', `${nextYear}-01-05T23:00:00.000Z`],
    ['in another time zone', local, 'Asia/Kolkata', `${nextYear}-01-05T12:30:00.000Z`],
    ['with a time zone of its own', `${local}+01:00`, 'America/Lima', `${nextYear}-01-05T17:00:00.000Z`],
    ['in UTC', `${local}Z`, 'America/Lima', `${nextYear}-01-05T18:00:00.000Z`],
    ['of an expression', `={{ DateTime.fromISO("${local}", { zone: "Europe/Madrid" }) }}`, 'America/Lima', `${nextYear}-01-05T17:00:00.000Z`],
    ['as milliseconds', `={{ ${Date.UTC(nextYear, 0, 5)} }}`, 'America/Lima', `${nextYear}-01-05T00:00:00.000Z`],
  ])('a time %s', async (_how, scheduledAt, timezone, expected) => {
    const json = only(await chasqui({ waitFor: 'nothing', options: { scheduledAt } }, { timezone }));
    expect(json['scheduledAt']).toBe(expected);
    expect(only(await chasqui({ operation: 'cancel', messageId: json['messageId'] as string }))).toMatchObject({ status: 'cancelled' });
  });

  test('summer time counts, also for a time as databases write it', async () => {
    const options = { scheduledAt: local, expiresAt: `${nextYear}-07-05 18:00:00` };
    const json = only(await chasqui({ waitFor: 'nothing', options }, { timezone: 'Europe/Madrid' }));
    expect(json).toMatchObject({ scheduledAt: `${nextYear}-01-05T17:00:00.000Z`, expiresAt: `${nextYear}-07-05T16:00:00.000Z` });
    await chasqui({ operation: 'cancel', messageId: json['messageId'] as string });
  });

  test('what is no time is refused, and so is a time for what is not queued', async () => {
    const before = stack.simulator.contacts.received(CONTACT).length;
    expect((await chasqui({ waitFor: 'nothing', options: { scheduledAt: 'tomorrow' } })).error?.message).toContain('Scheduled At is not a time: tomorrow');
    const { error } = await chasqui({ options: { expiresAt: local } });
    expect(error?.message).toContain('nothing was sent');
    expect(error?.description).toContain('Nothing (Queue It)');
    expect(stack.simulator.contacts.received(CONTACT)).toHaveLength(before);
  });
});

describe('Dead Letter', () => {
  const deadLetter = (operation: string, parameters: INodeParameters = {}) => chasqui({ resource: 'deadLetter', operation, ...parameters });
  async function fail(): Promise<string> {
    stack.simulator.faults.add({ kind: 'ack-error', code: 463, count: 1 });
    const { messageId } = only(await chasqui({ waitFor: 'nothing', text: 'A dead letter' })) as { messageId: string };
    await until('its failure', async () => (await stack.api.get(`/instances/demo/messages/${messageId}`) as { status: string }).status === 'failed');
    return messageId;
  }

  test('lists those that failed, with the reason, up to the limit or all', async () => {
    const ids = [await fail(), await fail(), await fail()];
    const idsOf = ({ outputs: [list = []] }: NodeRun) => list.map(item => item.json['messageId']);
    expect(idsOf(await deadLetter('getAll', { returnAll: false, limit: 2 }))).toEqual([ids[2], ids[1]]);
    const all = await deadLetter('getAll', { returnAll: true });
    expect(idsOf(all).slice(0, 3)).toEqual([...ids].reverse());
    expect(all.outputs[0]?.[0]?.json).toMatchObject({ status: 'failed', error: { code: 'whatsapp_rejected', message: expect.stringContaining('463') as string } });
  });

  test('Return All goes on from page to page', async () => {
    await stack.pair('many', '15550009999');
    await stack.api.patch('/instances/many', { settings: { sendIntervalMs: 0, recipientIntervalMs: 0 } });
    const messages = Array.from({ length: 205 }, (_, index) => ({ type: 'text', to: '99955500000', text: `To nobody ${index}` }));
    const bulk = await stack.api.post('/instances/many/messages/bulk', { messages }, 202) as { messages: { messageId: string }[] };
    const last = bulk.messages.at(-1)?.messageId;
    await until('the last failure', async () => (await stack.api.get(`/instances/many/messages/${last}`) as { status: string }).status === 'failed');
    const { outputs: [list = []] } = await deadLetter('getAll', { returnAll: true, instanceId: { __rl: true, mode: 'id', value: 'many' } });
    expect(list.map(item => item.json['messageId'])).toEqual(bulk.messages.map(({ messageId }) => messageId).reverse());
    const { outputs: [some = []] } = await deadLetter('getAll', { returnAll: false, limit: 202, instanceId: { __rl: true, mode: 'id', value: 'many' } });
    expect(some).toHaveLength(202);
  });

  test('sends one again under the same id', async () => {
    const messageId = await fail();
    expect(only(await deadLetter('retry', { messageId }))).toMatchObject({ messageId, status: 'queued' });
    await until('its arrival', () => stack.simulator.contacts.received(CONTACT).some(message => message.messageId === messageId));
    const { error } = await deadLetter('retry', { messageId });
    expect(error?.description).toContain('Get Many');
  });

  test('discards one, which stays failed', async () => {
    const messageId = await fail();
    expect(only(await deadLetter('discard', { messageId }))).toEqual({ deleted: true });
    const left = await deadLetter('getAll', { returnAll: true });
    expect(left.outputs[0]?.map(item => item.json['messageId'])).not.toContain(messageId);
    expect(only(await chasqui({ operation: 'getStatus', messageId }))).toMatchObject({ status: 'failed' });
    expect((await chasqui({ operation: 'getStatus', messageId: ' ' })).error?.message).toBe('No message is given');
  });
});
