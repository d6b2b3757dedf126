import { randomBytes } from 'node:crypto';
import type { INodeParameters } from 'n8n-workflow';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadPack, type Pack } from './support/pack.js';
import { deliver, signedHeaders } from './support/signed.js';
import { startTriggerHost, type TriggerHost } from './support/trigger-host.js';

// What comes in is judged without a gateway: its secret is put where the trigger keeps it. How it gets there is tested with a gateway.
const parameters: INodeParameters = {
  instanceId: { __rl: true, mode: 'id', value: 'sales' },
  events: ['message.received', 'message.ack'],
  statuses: ['read', 'failed'],
};
const nowhere = { baseUrl: 'http://127.0.0.1:9', apiKey: 'key' };
const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;
const received = JSON.stringify({
  id: 'evt_1', type: 'message.received', timestamp: '2026-01-02T03:04:06.000Z', instanceId: 'sales',
  data: { messageId: 'ABC', text: 'Grüße 👋', replyTo: '15550002222@s.whatsapp.net', timestamp: '2026-01-02T03:04:05.000Z', isGroup: false },
});
const ack = (status: string): string =>
  JSON.stringify({ id: `evt_${status}`, type: 'message.ack', timestamp: '2026-01-02T03:04:06.000Z', instanceId: 'sales', data: { messageId: 'ABC', status } });

let pack: Pack;
let host: TriggerHost;
let secret: string;

beforeAll(async () => { pack = await loadPack(); });
beforeEach(async () => {
  host = await startTriggerHost(pack, nowhere, parameters);
  secret = newSecret();
  host.staticData()['registrations'] = { [host.url()]: { instanceId: 'sales', secret } };
});
afterEach(async () => { await host.stop(); });

describe('a genuine delivery', () => {
  test('starts the workflow with one flat item', async () => {
    expect(await deliver(host.url(), received, { secrets: [secret] })).toBe(200);
    expect(host.executions).toEqual([[{
      json: {
        eventId: 'evt_1', type: 'message.received', instanceId: 'sales', timestamp: '2026-01-02T03:04:05.000Z',
        messageId: 'ABC', text: 'Grüße 👋', replyTo: '15550002222@s.whatsapp.net', isGroup: false,
      },
    }]]);
  });

  test('may carry several signatures while its secret is being changed', async () => {
    expect(await deliver(host.url(), received, { secrets: [newSecret(), secret] })).toBe(200);
    expect(host.executions).toHaveLength(1);
  });

  test('may come to the test URL and to the production URL, each with its own secret', async () => {
    const testSecret = newSecret();
    host.staticData()['registrations'] = {
      [host.url()]: { instanceId: 'sales', secret },
      [host.url(true)]: { instanceId: 'sales', secret: testSecret },
    };
    expect(await deliver(host.url(true), received, { secrets: [testSecret] })).toBe(200);
    expect(await deliver(host.url(), received, { secrets: [secret] })).toBe(200);
    expect(host.executions).toHaveLength(2);
  });

  test('may be four minutes old', async () => {
    expect(await deliver(host.url(), received, { secrets: [secret], at: Date.now() - 4 * 60_000 })).toBe(200);
  });
});

describe('a delivery that is not genuine is answered 401 and starts nothing', () => {
  afterEach(() => { expect(host.executions).toEqual([]); });

  test('with another secret', async () => {
    expect(await deliver(host.url(), received, { secrets: [newSecret()] })).toBe(401);
  });

  test('with a body that was changed on its way, if only by a space', async () => {
    expect(await deliver(host.url(), `${received} `, { secrets: [secret], signedBody: received })).toBe(401);
  });

  test.each([['old', -6], ['from the future', 6]])('when it is %s', async (_name, minutes) => {
    expect(await deliver(host.url(), received, { secrets: [secret], at: Date.now() + minutes * 60_000 })).toBe(401);
  });

  test.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])('without %s', async header => {
    const { [header]: _left, ...headers } = signedHeaders(received, { secrets: [secret] });
    expect((await fetch(host.url(), { method: 'POST', body: received, headers })).status).toBe(401);
  });

  test.each(['v1,', 'v1,AAAA', 'v2,', ''])('with the signature %j', async signature => {
    const headers = { ...signedHeaders(received, { secrets: [secret] }), 'webhook-signature': signature };
    expect((await fetch(host.url(), { method: 'POST', body: received, headers })).status).toBe(401);
  });

  test('with a timestamp that was changed after signing', async () => {
    const headers = signedHeaders(received, { secrets: [secret] });
    const timestamp = String(Number(headers['webhook-timestamp']) + 1);
    expect((await fetch(host.url(), { method: 'POST', body: received, headers: { ...headers, 'webhook-timestamp': timestamp } })).status).toBe(401);
  });

  test('after the webhook was removed', async () => {
    host.staticData()['registrations'] = {};
    expect(await deliver(host.url(), received, { secrets: [secret] })).toBe(401);
  });
});

describe('what nobody asked for is answered 200 and starts nothing', () => {
  test.each([['sent', 0], ['delivered', 0], ['played', 0], ['read', 1], ['failed', 1]])('acknowledgement: %s', async (status, executions) => {
    expect(await deliver(host.url(), ack(status), { secrets: [secret] })).toBe(200);
    expect(host.executions).toHaveLength(executions);
  });

  test('another event', async () => {
    const body = JSON.stringify({ id: 'evt_9', type: 'instance.status', timestamp: '2026-01-02T03:04:06.000Z', instanceId: 'sales', data: { status: 'CONNECTED' } });
    expect(await deliver(host.url(), body, { secrets: [secret] })).toBe(200);
    expect(host.executions).toEqual([]);
  });
});

test.each(['[]', 'null', 'no JSON', '{"id":"evt_1","type":"message.received"}'])('a signed body that is no event (%s) is answered 400', async body => {
  expect(await deliver(host.url(), body, { secrets: [secret] })).toBe(400);
  expect(host.executions).toEqual([]);
});

describe('media that cannot be had because the gateway does not answer', () => {
  const media = (timestamp: Date): string => JSON.stringify({
    id: 'evt_2', type: 'message.received', timestamp: timestamp.toISOString(), instanceId: 'sales',
    data: { messageId: 'ABC', messageType: 'image', media: { mimetype: 'image/png' } },
  });
  beforeEach(() => { host.setParameters({ ...parameters, downloadMedia: true }); });

  test('makes the gateway deliver a fresh event again', async () => {
    expect(await deliver(host.url(), media(new Date()), { secrets: [secret] })).toBe(503);
    expect(host.executions).toEqual([]);
  });

  test('does not keep the message from the workflow for ever', async () => {
    expect(await deliver(host.url(), media(new Date(Date.now() - 11 * 60_000)), { secrets: [secret] })).toBe(200);
    expect(host.executions).toMatchObject([[{ json: { messageId: 'ABC', mediaError: { message: expect.stringContaining('gateway') } } }]]);
  });
});
