import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.js';

const PHONE = '15550008001';
const SECRET = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
const PIXEL = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkM9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
const sha256 = createHash('sha256').update(PIXEL).digest('hex');

interface Queued { messageId: string; correlationId: string; queueId: string; status: string }
interface Row { messageId: string; status: string; attempts: number; error?: { code: string; message: string } }

describe('the send queue', { timeout: 90_000 }, () => {
  let stack: Stack;
  let receiver: WebhookReceiver;
  let contacts = 0;
  let contact = '';
  beforeAll(async () => {
    stack = await startStack();
    receiver = await startWebhookReceiver(SECRET);
    await stack.pair('demo', PHONE);
    await stack.api.patch('/instances/demo', { settings: { sendIntervalMs: 0 } });
    await stack.api.post('/instances/demo/webhooks', { url: receiver.url, events: ['message.ack'], secret: SECRET }, 201);
  });
  afterAll(async () => {
    await stack.stop();
    await receiver.close();
  });
  beforeEach(() => {
    contacts += 1;
    contact = String(15550008100 + contacts);
    stack.simulator.faults.clear();
  });

  const queue = async (text: string, more: object = {}, headers: Record<string, string> = {}): Promise<Queued> =>
    await stack.api.post('/instances/demo/messages/text?async=true', { to: contact, text, ...more }, 202, headers) as Queued;
  const row = async (messageId: string, waitFor = ''): Promise<Row> => await stack.api.get(`/instances/demo/messages/${messageId}${waitFor}`) as Row;
  const texts = () => stack.simulator.contacts.received(contact).map(({ text }) => text);
  const shown = () => stack.simulator.contacts.received(contact).map(({ times }) => times);
  const acks = (messageId: string) => receiver.requests.map(({ body }) => JSON.parse(body) as { id: string; data: { messageId: string; status: string; correlationId: string; error?: object } })
    .filter(({ data }) => data.messageId === messageId);

  it('sends what it accepted, in order, once, and tells each step once', async () => {
    const answers: Queued[] = [];
    for (let number = 1; number <= 20; number += 1) answers.push(await queue(`number ${number}`));
    expect(answers[0]).toMatchObject({ status: 'queued', queueId: `q_${answers[0]?.messageId}` });
    for (const { messageId } of answers) expect((await row(messageId, '?waitFor=delivered&timeoutSeconds=30')).status).toBe('delivered');
    expect(texts()).toEqual(answers.map((_, index) => `number ${index + 1}`));
    expect(new Set(shown())).toEqual(new Set([1]));
    const last = answers.at(-1) as Queued;
    await until('its acknowledgements came', () => acks(last.messageId).length === 2);
    for (const { messageId, correlationId } of answers) {
      expect(acks(messageId).map(({ data }) => data.status)).toEqual(['sent', 'delivered']);
      expect(acks(messageId)[0]?.data.correlationId).toBe(correlationId);
    }
    expect(await stack.api.get('/instances/demo/status')).toMatchObject({ queue: { queued: 0, sending: 0, deadLetters: 0 } });
  });

  it('binds an idempotency key to one message, asynchronous or not, also when used at once', async () => {
    const key = { 'idempotency-key': 'order-1' };
    const first = await queue('once', {}, key);
    const again = await queue('once', {}, key);
    expect(again).toMatchObject({ messageId: first.messageId, correlationId: first.correlationId, queueId: first.queueId });
    expect(await stack.api.post('/instances/demo/messages/text?async=true', { to: contact, text: 'other' }, 422, key)).toMatchObject({ code: 'idempotency_key_reused' });

    const sync = { 'idempotency-key': 'order-2' };
    const answers = await Promise.all(Array.from({ length: 6 }, () => stack.api.post('/instances/demo/messages/text', { to: contact, text: 'together' }, 201, sync)));
    expect(new Set(answers.map(answer => JSON.stringify(answer))).size).toBe(1);
    await Promise.all(Array.from({ length: 6 }, () => queue('queued together', {}, { 'idempotency-key': 'order-3' })));
    await until('all have arrived', () => texts().length === 3);
    await queue('last');
    await until('the last has arrived', () => texts().includes('last'));
    expect(texts().sort()).toEqual(['last', 'once', 'queued together', 'together']);
  });

  it('answers a repeat that comes after the message would have expired', async () => {
    const [key, more] = [{ 'idempotency-key': 'expires-1' }, { expiresAt: new Date(Date.now() + 700).toISOString() }];
    const first = await queue('in time', more, key);
    await row(first.messageId, '?waitFor=sent');
    await until('the time is over', () => Date.now() > Date.parse(more.expiresAt));
    expect(await queue('in time', more, key)).toMatchObject({ messageId: first.messageId, queueId: first.queueId });
    const messages = [{ type: 'text', to: contact, text: 'in time', ...more, idempotencyKey: 'expires-1' }];
    expect(await stack.api.post('/instances/demo/messages/bulk', { messages }, 202)).toMatchObject({ accepted: 1, messages: [{ messageId: first.messageId }] });
    expect(texts()).toEqual(['in time']);
  });

  it('refuses a group that the account is not in at once, and does not try it again and again', async () => {
    const foreign = stack.simulator.groups.create({ subject: 'others', members: ['15550008201', '15550008202'] });
    for (const to of ['120363999999999999@g.us', foreign.jid]) {
      expect(await stack.api.post('/instances/demo/messages/text', { to, text: 'anyone?' }, 422)).toMatchObject({ code: 'recipient_not_on_whatsapp', field: 'to' });
      const { messageId } = await queue('anyone?', { to });
      expect(await row(messageId, '?waitFor=sent')).toMatchObject({ status: 'failed', attempts: 0, error: { code: 'recipient_not_on_whatsapp' } });
    }
    const { jid } = stack.simulator.groups.create({ subject: 'ours', members: [PHONE, contact] });
    await stack.api.post('/instances/demo/messages/text', { to: jid, text: 'all here' }, 201);
    await queue('and queued', { to: jid });
    const inGroup = () => stack.simulator.groups.received(jid, contact).map(({ text, times }) => ({ text, times }));
    await until('both have arrived', () => inGroup().length === 2);
    expect(inGroup()).toEqual([{ text: 'all here', times: 1 }, { text: 'and queued', times: 1 }]);
  });

  it('does not remember a refusal', async () => {
    const key = { 'idempotency-key': 'refused-1' };
    await stack.api.post('/instances/demo/messages/text', { to: '9995550001', text: 'x' }, 422, key);
    await stack.api.post('/instances/demo/messages/text', { to: contact, text: 'y' }, 201, key);
  });

  it('answers a repeat with what became of the first', async () => {
    stack.simulator.faults.add({ kind: 'ack-error', code: 463, count: 1 });
    const key = { 'idempotency-key': 'rejected-1' };
    const first = await stack.api.post('/instances/demo/messages/text', { to: contact, text: 'x' }, 502, key) as { messageId: string };
    expect(await stack.api.post('/instances/demo/messages/text', { to: contact, text: 'x' }, 502, key)).toMatchObject({ code: 'whatsapp_rejected', messageId: first.messageId });
    expect(texts()).toEqual([]);
  });

  it('fails at once what will not pass', async () => {
    stack.simulator.faults.add({ kind: 'ack-error', code: 463, count: 1 });
    const refused = await row((await queue('refused')).messageId, '?waitFor=sent');
    expect(refused).toMatchObject({ status: 'failed', attempts: 1, error: { code: 'whatsapp_rejected', message: expect.stringContaining('463') } });
    const nobody = await row((await queue('nobody', { to: '9995550002' })).messageId, '?waitFor=sent');
    expect(nobody).toMatchObject({ status: 'failed', error: { code: 'recipient_not_on_whatsapp' } });
    await until('both were told', () => acks(refused.messageId).length === 1 && acks(nobody.messageId).length === 1);
    expect(acks(nobody.messageId)[0]?.data).toMatchObject({ status: 'failed', error: { code: 'recipient_not_on_whatsapp' } });
  });

  it('makes a dead letter of what failed three times, and sends it when asked to', async () => {
    stack.simulator.faults.add({ kind: 'ack-error', code: 500, count: 3 });
    const { messageId } = await queue('third time unlucky');
    const behind = await queue('behind it');
    expect(await row(messageId, '?waitFor=sent&timeoutSeconds=30')).toMatchObject({ status: 'failed', attempts: 3, error: { code: 'whatsapp_rejected' } });
    expect((await row(behind.messageId, '?waitFor=sent')).status).not.toBe('failed');
    const { deadLetters } = await stack.api.get('/instances/demo/dead-letters') as { deadLetters: Row[] };
    expect(deadLetters[0]).toMatchObject({ messageId, error: { code: 'whatsapp_rejected' } });
    await until('the failure was told', () => acks(messageId).length === 1);
    expect(acks(messageId)[0]?.data).toMatchObject({ status: 'failed', error: { code: 'whatsapp_rejected' } });

    expect(await stack.api.post(`/instances/demo/dead-letters/${messageId}/retry`, undefined, 202)).toMatchObject({ messageId, status: 'queued' });
    expect((await row(messageId, '?waitFor=delivered')).status).toBe('delivered');
    expect(texts()).toEqual(['behind it', 'third time unlucky']);
    expect(shown()).toEqual([1, 1]);
    await stack.api.post(`/instances/demo/dead-letters/${messageId}/retry`, undefined, 409);
    await until('it was told', () => acks(messageId).length === 3);
    expect(acks(messageId).map(({ data }) => data.status)).toEqual(['failed', 'sent', 'delivered']);
  });

  it('tells a second failure of a retried dead letter as well, and lets it be discarded', async () => {
    stack.simulator.faults.add({ kind: 'ack-error', code: 479, count: 2 });
    const { messageId } = await queue('never');
    await row(messageId, '?waitFor=sent');
    await stack.api.post(`/instances/demo/dead-letters/${messageId}/retry`, undefined, 202);
    await until('both failures were told', () => acks(messageId).length === 2);
    expect(new Set(acks(messageId).map(({ id }) => id)).size).toBe(2);
    await stack.api.remove(`/instances/demo/dead-letters/${messageId}`, 204);
    const { deadLetters } = await stack.api.get('/instances/demo/dead-letters') as { deadLetters: Row[] };
    expect(deadLetters.map(letter => letter.messageId)).not.toContain(messageId);
    await stack.api.post(`/instances/demo/dead-letters/${messageId}/retry`, undefined, 409);
    expect(await row(messageId)).toMatchObject({ status: 'failed' });
  });

  it('keeps the order when the first of the line is tried again', async () => {
    stack.simulator.faults.add({ kind: 'ack-error', code: 500, count: 1 });
    for (const text of ['a', 'b', 'c']) await queue(text);
    await until('all have arrived', () => texts().length === 3);
    expect(texts()).toEqual(['a', 'b', 'c']);
  });

  it('sends one whose acknowledgement was lost no second time', async () => {
    stack.simulator.faults.add({ kind: 'drop-ack', count: 1 });
    const { messageId } = await queue('acknowledged late');
    expect((await row(messageId, '?waitFor=delivered&timeoutSeconds=60')).status).toBe('delivered');
    await until('all was told', () => acks(messageId).length === 2);
    expect(acks(messageId).map(({ data }) => data.status)).toEqual(['sent', 'delivered']);
    expect(shown()).toEqual([1]);
  });

  it('keeps what is scheduled until it is due, and lets it be cancelled', async () => {
    const soon = await queue('soon', { scheduledAt: new Date(Date.now() + 1_500).toISOString() });
    const later = await queue('later', { scheduledAt: new Date(Date.now() + 3_600_000).toISOString() });
    await queue('now');
    await until('two have arrived', () => texts().length === 2);
    expect(texts()).toEqual(['now', 'soon']);
    expect(await stack.api.post(`/instances/demo/messages/${later.messageId}/cancel`, undefined, 200)).toMatchObject({ status: 'cancelled' });
    expect(await stack.api.post(`/instances/demo/messages/${soon.messageId}/cancel`, undefined, 409)).toMatchObject({ code: 'message_not_cancellable' });
    await stack.api.post(`/instances/demo/messages/${later.messageId}/cancel`, undefined, 409);
    expect(await stack.api.get('/instances/demo/status')).toMatchObject({ queue: { queued: 0 } });
    await stack.api.post('/instances/demo/messages/text?async=true', { to: contact, text: 'x', expiresAt: new Date(Date.now() - 1).toISOString() }, 400);
  });

  it('keeps media until it is sent', async () => {
    const answer = await stack.api.post('/instances/demo/messages/image?async=true', { to: contact, base64: PIXEL.toString('base64'), caption: 'json' }, 202) as Queued;
    const form = new FormData();
    form.set('to', contact);
    form.set('caption', 'form');
    form.set('file', new Blob([PIXEL], { type: 'image/png' }), 'pixel.png');
    const response = await stack.api.raw('/instances/demo/messages/document', { method: 'POST', body: form, headers: { 'x-async': 'true' } });
    expect(response.status).toBe(202);
    expect((await row(answer.messageId, '?waitFor=delivered')).status).toBe('delivered');
    await until('both have arrived', () => stack.simulator.contacts.received(contact).length === 2);
    expect(stack.simulator.contacts.received(contact)).toMatchObject([{ caption: 'json', sha256 }, { caption: 'form', sha256 }]);
  });

  it('takes many at once, each with its own answer, in order', async () => {
    const messages = Array.from({ length: 100 }, (_, index) => ({ type: 'text', to: index === 50 ? 'nobody' : contact, text: `bulk ${index}` }));
    const answer = await stack.api.post('/instances/demo/messages/bulk', { messages }, 202) as { accepted: number; messages: { status: string; error?: object }[] };
    expect(answer.accepted).toBe(99);
    expect(answer.messages[50]).toMatchObject({ index: 50, status: 'refused', error: { code: 'recipient_invalid', field: 'to' } });
    await until('all have arrived', () => texts().length === 99, 30_000);
    expect(texts()).toEqual(messages.filter((_, index) => index !== 50).map(({ text }) => text));
  });

  it('waits for a connection without using up attempts, across a restart, and fails what expires meanwhile', async () => {
    await stack.api.post('/instances/demo/disconnect', undefined, 200);
    const stale = await queue('stale', { expiresAt: new Date(Date.now() + 1_000).toISOString() });
    const waiting = [await queue('first'), await queue('second')];
    expect(await stack.api.get('/instances/demo/status')).toMatchObject({ queue: { queued: 3 } });
    expect(await row(stale.messageId, '?waitFor=sent&timeoutSeconds=40')).toMatchObject({ status: 'failed', error: { code: 'expired' } });
    await stack.restartGateway();
    await stack.api.post('/instances/demo/connect', undefined, 200);
    for (const { messageId } of waiting) expect(await row(messageId, '?waitFor=delivered')).toMatchObject({ status: 'delivered', attempts: 1 });
    expect(texts()).toEqual(['first', 'second']);
  });

  it('leaves a gap between sends, and a longer one between those to one recipient', async () => {
    await stack.api.patch('/instances/demo', { settings: { sendIntervalMs: 150, recipientIntervalMs: 600 } });
    const other = '15550008999';
    const messages = [contact, other, contact].map(to => ({ type: 'text', to, text: 'paced' }));
    await stack.api.post('/instances/demo/messages/bulk', { messages }, 202);
    await until('all have arrived', () => texts().length === 2);
    const at = (number: string) => stack.simulator.contacts.received(number).map(({ receivedAt }) => Date.parse(receivedAt));
    const [first = 0, third = 0] = at(contact);
    const [second = 0] = at(other);
    // The contact's own clock notes when a message arrives, some milliseconds after it left.
    expect(second - first).toBeGreaterThan(140);
    expect(third - first).toBeGreaterThan(590);
    await stack.api.patch('/instances/demo', { settings: { sendIntervalMs: 0, recipientIntervalMs: 0 } });
  });
});
