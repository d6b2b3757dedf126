import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.js';

const PHONE = '15550001111';
const CONTACT = '15550002222';
const SECRET = `whsec_${randomBytes(32).toString('base64')}`;

interface Event { id: string; type: string; instanceId: string; data: Record<string, unknown> }

describe('one paired instance', () => {
  let stack: Stack;
  let receiver: WebhookReceiver;

  beforeAll(async () => {
    stack = await startStack();
    await stack.pair('demo', PHONE);
    receiver = await startWebhookReceiver(SECRET);
    await stack.api.post('/instances/demo/webhooks', { url: receiver.url, events: ['message.received', 'message.ack', 'instance.status'], secret: SECRET }, 201);
  });
  afterAll(async () => {
    await stack?.stop();
    await receiver?.close();
  });

  const events = (type: string): Event[] => receiver.requests.map(request => JSON.parse(request.body) as Event).filter(event => event.type === type);
  const acksOf = (messageId: string) => events('message.ack').filter(event => event.data['messageId'] === messageId).map(event => event.data['status']);

  it('answers 201 after the acknowledgement, and the contact reads it once', async () => {
    const sent = await stack.api.post('/instances/demo/messages/text', { to: '+1 (555) 000-2222', text: 'Good morning' }, 201) as { messageId: string; correlationId: string; status: string; to: string };
    expect(sent).toMatchObject({ status: 'sent', to: `${CONTACT}@s.whatsapp.net` });
    await until('the contact has it', () => stack.simulator.contacts.received(CONTACT).some(message => message.messageId === sent.messageId));
    expect(stack.simulator.contacts.received(CONTACT).filter(message => message.messageId === sent.messageId)).toMatchObject([{ type: 'text', text: 'Good morning', times: 1 }]);

    await until('delivered', async () => (await stack.api.get(`/instances/demo/messages/${sent.messageId}`) as { status: string }).status === 'delivered');
    stack.simulator.contacts.sendReceipt(CONTACT, sent.messageId, 'read');
    await until('the read event', () => acksOf(sent.messageId).includes('read'));
    expect(acksOf(sent.messageId)).toEqual(['sent', 'delivered', 'read']);
    expect(events('message.ack').find(event => event.data['messageId'] === sent.messageId)?.data['correlationId']).toBe(sent.correlationId);
  });

  it('brings a contact\'s text to the webhook, signed, with number and LID', async () => {
    const { messageId } = await stack.simulator.contacts.write(CONTACT, { to: PHONE, text: 'Hello to you' });
    await until('the event', () => events('message.received').some(event => event.data['messageId'] === messageId));
    const arrived = events('message.received').filter(event => event.data['messageId'] === messageId);
    expect(arrived).toHaveLength(1);
    expect(arrived[0]?.data).toMatchObject({
      text: 'Hello to you', messageType: 'text', isGroup: false, replyTo: CONTACT,
      chat: { type: 'direct', phone: CONTACT }, sender: { phone: CONTACT, lid: expect.stringMatching(/@lid$/) as string },
    });
    expect(receiver.requests.every(request => request.verified)).toBe(true);
  });

  it('sends an image by multipart that arrives byte for byte', async () => {
    const bytes = randomBytes(200_000);
    const form = new FormData();
    form.set('to', CONTACT);
    form.set('caption', 'a picture');
    form.set('file', new Blob([bytes], { type: 'image/png' }), 'picture.png');
    const response = await stack.api.raw('/instances/demo/messages/image', { method: 'POST', body: form });
    expect(response.status, await response.clone().text()).toBe(201);
    const { messageId } = await response.json() as { messageId: string };
    await until('the image', () => stack.simulator.contacts.received(CONTACT).some(message => message.messageId === messageId && message.sha256 !== undefined));
    expect(stack.simulator.contacts.received(CONTACT).find(message => message.messageId === messageId)).toMatchObject({
      type: 'image', caption: 'a picture', sha256: createHash('sha256').update(bytes).digest('hex'), times: 1,
    });
  });

  it.each(['image', 'video', 'audio', 'document'] as const)('streams the decrypted bytes of an incoming %s', async kind => {
    const bytes = randomBytes(50_000);
    const { messageId } = await stack.simulator.contacts.write(CONTACT, { to: PHONE, [kind]: { base64: bytes.toString('base64'), fileName: 'a.bin' } });
    await until('the event', () => events('message.received').some(event => event.data['messageId'] === messageId));
    const response = await stack.api.raw(`/instances/demo/messages/${messageId}/media`);
    expect(response.status).toBe(200);
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
    const media = events('message.received').find(event => event.data['messageId'] === messageId)?.data['media'];
    expect(media).toMatchObject({ size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
  });

  it('sends a location and quotes a message', async () => {
    const place = await stack.api.post('/instances/demo/messages/location', { to: CONTACT, latitude: -13.5, longitude: -71.97, name: 'Cusco' }, 201) as { messageId: string };
    const reply = await stack.api.post('/instances/demo/messages/text', { to: CONTACT, text: 'see above', quotedMessageId: place.messageId }, 201) as { messageId: string };
    await until('both arrived', () => stack.simulator.contacts.received(CONTACT).some(message => message.messageId === reply.messageId));
    expect(stack.simulator.contacts.received(CONTACT).find(message => message.messageId === place.messageId)).toMatchObject({ type: 'location' });
    await stack.api.post('/instances/demo/messages/text', { to: CONTACT, text: 'x', quotedMessageId: 'NOSUCH' }, 422);
  });

  it('tells the truth when WhatsApp refuses or the number is unknown', async () => {
    const unknown = await stack.api.post('/instances/demo/messages/text', { to: '99912345678', text: 'x' }, 422);
    expect(unknown).toMatchObject({ code: 'recipient_not_on_whatsapp', field: 'to' });
    stack.simulator.faults.add({ kind: 'ack-error', code: 463, count: 1 });
    const refused = await stack.api.post('/instances/demo/messages/text', { to: CONTACT, text: 'refused' }, 502) as { code: string; whatsappCode: number; messageId: string };
    expect(refused).toMatchObject({ code: 'whatsapp_rejected', whatsappCode: 463 });
    expect(await stack.api.get(`/instances/demo/messages/${refused.messageId}`)).toMatchObject({ status: 'failed' });
    await until('the failed event', () => acksOf(refused.messageId).length > 0);
    expect(acksOf(refused.messageId)).toEqual(['failed']);
  });

  it('answers 504, not 201, when the acknowledgement does not come', { timeout: 60_000 }, async () => {
    stack.simulator.faults.add({ kind: 'drop-ack', count: 1 });
    const answer = await stack.api.post('/instances/demo/messages/text', { to: CONTACT, text: 'unacknowledged' }, 504) as { code: string; messageId: string };
    expect(answer.code).toBe('whatsapp_ack_timeout');
    expect(await stack.api.get(`/instances/demo/messages/${answer.messageId}`)).toMatchObject({ status: 'delivered' });
    expect(stack.simulator.contacts.received(CONTACT).find(message => message.messageId === answer.messageId)).toMatchObject({ times: 1 });
  });

  it('comes back by itself after the connection was cut, and after a restart, without a scan', { timeout: 60_000 }, async () => {
    stack.simulator.faults.add({ kind: 'close' });
    await stack.api.untilStatus('demo', 'CONNECTED');
    await stack.restartGateway();
    await stack.api.untilStatus('demo', 'CONNECTED');
    await stack.api.post('/instances/demo/messages/text', { to: CONTACT, text: 'after the restart' }, 201);
    const { messageId } = await stack.simulator.contacts.write(CONTACT, { to: PHONE, text: 'still there?' });
    await until('the event', () => events('message.received').some(event => event.data['messageId'] === messageId));
  });

  it('brings what came while the gateway was down', { timeout: 60_000 }, async () => {
    await stack.api.post('/instances/demo/disconnect', undefined, 200);
    const { messageId } = await stack.simulator.contacts.write(CONTACT, { to: PHONE, text: 'while you slept' });
    await stack.api.post('/instances/demo/messages/text', { to: CONTACT, text: 'x' }, 409);
    await stack.api.post('/instances/demo/connect', undefined, 200);
    await until('the event', () => events('message.received').some(event => event.data['messageId'] === messageId));
  });
});
