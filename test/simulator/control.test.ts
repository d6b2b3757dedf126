import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { createSimulator } from '@simulator/index.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient, trust, type BaileysClient } from '../support/baileys-client.js';
import { until } from '../support/until.js';

const PHONE = '15557000001';
const CONTACT = '15557100001';
const simulator = createSimulator({ quickPairing: true });
let client: BaileysClient;

interface Answer {
  status: number;
  body: Record<string, unknown> & Record<string, unknown>[];
}

const call = async (method: string, path: string, body?: unknown): Promise<Answer> => {
  const init = body === undefined ? { method } : { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(`${simulator.controlUrl}${path}`, init);
  const text = await response.text();
  return { status: response.status, body: (text ? JSON.parse(text) : undefined) as Answer['body'] };
};

beforeAll(async () => {
  await simulator.start();
  const { body } = await call('GET', '/trust');
  expect(body).toEqual(simulator.trust);
  trust(simulator);
  client = createClient(simulator);
});
afterAll(async () => {
  await client.end();
  await simulator.stop();
});

describe('the control API', () => {
  it('makes a phone and scans, in any spelling of the number', async () => {
    expect(await call('GET', `/phones/${PHONE}`)).toMatchObject({ status: 404, body: { code: 'unknown_phone' } });
    expect(await call('POST', '/phones', { number: '+1 (555) 700-0001', name: 'Demo' })).toMatchObject({ status: 201, body: { number: PHONE, devices: [] } });
    client.connect();
    await until('a QR code', () => client.qrs.length > 0);
    expect(await call('POST', `/phones/${encodeURIComponent('+1 555 7000001')}/scan`, { qr: client.qrs[0] })).toMatchObject({
      status: 200, body: { device: 1, jid: `${PHONE}:1@s.whatsapp.net` },
    });
    await client.opened();
    expect(await call('GET', '/phones')).toMatchObject({ body: { phones: [{ number: PHONE, name: 'Demo', devices: [{ connected: true }] }] } });
    expect(await call('GET', '/health')).toEqual({ status: 200, body: { status: 'ok', phones: 1 } });
  });

  it('lets a contact write, read and answer', async () => {
    const written = await call('POST', `/contacts/${CONTACT}/messages`, { to: PHONE, text: 'hello' });
    expect(written).toMatchObject({ status: 201, body: { messageId: expect.any(String) } });
    await until('it arrives', () => client.texts().includes('hello'));

    const file = randomBytes(5000);
    const sha256 = createHash('sha256').update(file).digest('hex');
    await client.sock.sendMessage(`${CONTACT}@s.whatsapp.net`, { document: file, mimetype: 'text/plain', fileName: 'a.txt' });
    await until('the document', () => simulator.contacts.received(CONTACT).length === 1);
    const messages = await call('GET', `/contacts/${CONTACT}/messages`);
    expect(messages.body).toMatchObject([{ from: PHONE, type: 'document', fileName: 'a.txt', sha256, size: 5000, times: 1, receivedAt: expect.any(String) }]);

    const messageId = messages.body[0]?.['messageId'];
    expect(await call('POST', `/contacts/${CONTACT}/receipts`, { messageId, type: 'read' })).toMatchObject({ status: 204 });
    await until('read', () => client.statuses.get(String(messageId)) === 4);
    expect(await call('POST', `/contacts/${CONTACT}/receipts`, { messageId: 'NONE', type: 'read' })).toMatchObject({ status: 404, body: { code: 'unknown_message' } });

    expect(await call('POST', `/contacts/${CONTACT}/auto-reply`, { echo: true })).toMatchObject({ status: 200, body: { autoReply: { read: true } } });
    await client.sock.sendMessage(`${CONTACT}@s.whatsapp.net`, { text: 'say it again' });
    await until('the echo', () => client.texts().includes('say it again'));
    expect(await call('DELETE', `/contacts/${CONTACT}/auto-reply`)).toMatchObject({ status: 204 });
    expect(await call('GET', `/contacts/${CONTACT}/sent`)).toMatchObject({ body: [{ to: PHONE }, { to: PHONE }] });
    expect(await call('PATCH', `/contacts/${CONTACT}`, { name: 'Inti' })).toMatchObject({ body: { name: 'Inti', onWhatsApp: true } });
  });

  it('lets the owner of a phone write, and shows what the phone saw', async () => {
    expect(await call('POST', `/phones/${PHONE}/messages`, { to: '15557100002', text: 'from my hand' })).toMatchObject({ status: 201 });
    await until('it arrives', () => simulator.contacts.received('15557100002').length === 1);
    expect(await call('GET', `/phones/${PHONE}/messages`)).toMatchObject({ body: expect.arrayContaining([expect.objectContaining({ fromMe: true, to: CONTACT })]) });
    expect(await call('POST', `/phones/${PHONE}/messages`, { to: '99911111111', text: 'x' })).toMatchObject({ status: 409, body: { code: 'not_on_whatsapp' } });
  });

  it('makes groups, whose members write and read', async () => {
    const [ana, ben] = ['15557100011', '15557100012'];
    const made = await call('POST', '/groups', { subject: 'Relay', members: [`+${PHONE}`, ana, ben, ana] });
    expect(made).toMatchObject({ status: 201, body: { jid: expect.stringMatching(/^\d+@g\.us$/), subject: 'Relay', members: [PHONE, ana, ben] } });
    const path = `/groups/${String(made.body['jid'])}`;
    expect(await call('GET', '/groups')).toEqual({ status: 200, body: { groups: [made.body] } });
    expect(await call('GET', path)).toEqual({ status: 200, body: made.body });

    const written = await call('POST', `${path}/messages`, { from: ana, text: 'to the group' });
    expect(written).toMatchObject({ status: 201, body: { messageId: expect.any(String) } });
    await until('it arrives', () => client.texts().includes('to the group'));
    await client.sock.sendMessage(String(made.body['jid']), { text: 'back' });
    await until('it is readable', () => simulator.groups.received(String(made.body['jid']), ben).length === 2);
    expect(await call('GET', `${path}/messages?member=${encodeURIComponent(`+${ben}`)}`)).toMatchObject({
      status: 200, body: [{ from: ana, group: made.body['jid'], text: 'to the group', times: 1 }, { from: PHONE, text: 'back', times: 1, duplicates: 0 }],
    });

    for (const [method, route, body, status, code] of [
      ['GET', '/groups/120363999999999999@g.us', undefined, 404, 'unknown_group'],
      ['POST', '/groups/120363999999999999@g.us/messages', { from: ana, text: 'x' }, 404, 'unknown_group'],
      ['GET', `/groups/120363999999999999@g.us/messages?member=${ana}`, undefined, 404, 'unknown_group'],
      ['POST', `${path}/messages`, { from: CONTACT, text: 'x' }, 403, 'not_a_member'],
      ['GET', `${path}/messages?member=${CONTACT}`, undefined, 403, 'not_a_member'],
      ['GET', `${path}/messages`, undefined, 400, 'invalid_request'],
      ['POST', `${path}/messages`, { text: 'x' }, 400, 'invalid_request'],
      ['POST', `${path}/messages`, { from: ana }, 400, 'invalid_message'],
      ['POST', '/groups', { subject: 'Relay', members: [] }, 400, 'invalid_request'],
      ['POST', '/groups', { members: [ana] }, 400, 'invalid_request'],
      ['POST', '/groups', { subject: 'Relay', members: ['abc'] }, 400, 'invalid_number'],
      ['POST', '/groups', { subject: 'Relay', members: [ana, '99911111111'] }, 409, 'not_on_whatsapp'],
    ] as const) {
      expect(await call(method, route, body)).toMatchObject({ status, body: { code, message: expect.any(String) } });
    }
  });

  it('sets, lists and removes faults', async () => {
    expect(await call('POST', '/faults', { kind: 'drop-ack', phone: `+${PHONE}`, count: 2 })).toMatchObject({ status: 201, body: { fault: { kind: 'drop-ack', phone: PHONE, remaining: 2 } } });
    expect(await call('GET', '/faults')).toMatchObject({ body: { faults: [{ kind: 'drop-ack' }] } });
    expect(await call('DELETE', '/faults')).toMatchObject({ status: 204 });
    expect(await call('GET', '/faults')).toMatchObject({ body: { faults: [] } });
  });

  it.each([
    ['POST', '/phones', {}, 'invalid_request'],
    ['POST', '/phones', { number: 'abc' }, 'invalid_number'],
    ['POST', '/phones', { number: '99912345678' }, 'invalid_number'],
    ['POST', `/phones/${PHONE}/scan`, { qr: 'x' }, 'invalid_qr'],
    ['POST', `/contacts/${CONTACT}/messages`, { to: PHONE }, 'invalid_message'],
    ['POST', `/contacts/${CONTACT}/messages`, { to: PHONE, text: 'a', location: { latitude: 1, longitude: 1 } }, 'invalid_message'],
    ['POST', `/contacts/${CONTACT}/messages`, { to: PHONE, image: { base64: '!!' } }, 'invalid_message'],
    ['POST', `/contacts/${CONTACT}/messages`, { to: PHONE, message: { nonsense: 1 } }, 'invalid_message'],
    ['POST', `/contacts/${CONTACT}/auto-reply`, {}, 'invalid_request'],
    ['POST', '/faults', { kind: 'flood' }, 'invalid_request'],
    ['POST', '/faults', { kind: 'ack-error' }, 'invalid_fault'],
    ['POST', '/faults', { kind: 'slow-media' }, 'invalid_fault'],
  ])('refuses %s %s with %o', async (method, path, body, code) => {
    expect(await call(method, path, body)).toMatchObject({ status: 400, body: { code, message: expect.any(String) } });
  });

  it('says what it does not know', async () => {
    expect(await call('POST', `/contacts/${CONTACT}/messages`, { to: '15557888888', text: 'x' })).toMatchObject({ status: 404, body: { code: 'unknown_phone' } });
    expect(await call('DELETE', `/phones/${PHONE}/devices/9`)).toMatchObject({ status: 404, body: { code: 'unknown_device' } });
    expect(await call('GET', '/nowhere')).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });

  it('counts and logs, with socket and time', async () => {
    expect(await call('GET', '/stats')).toMatchObject({ body: { connectedDevices: 1, linkedDevices: 1, phones: 1, pairings: 1, logins: 1, acks: expect.any(Number) } });
    const { body } = await call('GET', `/log?phone=${PHONE}&event=login`);
    expect(body).toMatchObject({ entries: [{ event: 'login', phone: PHONE, device: 1, socket: 2, at: expect.stringMatching(/^\d{4}-/) }] });
    expect((await call('GET', '/log?limit=3')).body['entries']).toHaveLength(3);
  });

  it('unlinks a device', async () => {
    expect(await call('DELETE', `/phones/${PHONE}/devices/1`)).toMatchObject({ status: 200, body: { unlinked: 1 } });
    await until('it is logged out', () => client.closes.length > 0);
    expect(client.closes[0]?.code).toBe(401);
  });
});

describe('the simulator', () => {
  it('listens on loopback only', () => {
    expect(() => createSimulator({ host: '0.0.0.0' })).toThrow(RangeError);
  });

  it('may be started and stopped twice', async () => {
    const other = createSimulator();
    await Promise.all([other.start(), other.start()]);
    expect((await fetch(`${other.controlUrl}/health`)).status).toBe(200);
    await Promise.all([other.stop(), other.stop()]);
    await expect(fetch(`${other.controlUrl}/health`)).rejects.toThrow();
    await other.start();
    expect((await fetch(`${other.controlUrl}/health`)).status).toBe(200);
    await other.stop();
  });

  it.each(['port', 'mediaPort'] as const)('leaves nothing open when its %s is taken, and may start again', async option => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    const other = createSimulator({ [option]: (blocker.address() as AddressInfo).port });
    await expect(other.start()).rejects.toThrow(/EADDRINUSE/);
    await new Promise(resolve => blocker.close(resolve));
    await other.start();
    expect((await fetch(`${other.controlUrl}/health`)).status).toBe(200);
    await other.stop();
  });
});
