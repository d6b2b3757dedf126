import { createSimulator } from '@simulator/index.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient, pairClient, trust, type BaileysClient } from '../support/baileys-client.js';
import { until } from '../support/until.js';

const READ = 4;
const PLAYED = 5;
const DELIVERED = 3;
const PHONE = '15552000001';
const simulator = createSimulator({ quickPairing: true });
const { contacts } = simulator;
let client: BaileysClient;

beforeAll(async () => {
  await simulator.start();
  trust(simulator);
  client = await pairClient(simulator, PHONE);
});
afterAll(async () => {
  await client.end();
  await simulator.stop();
});

const jid = (number: string) => `${number}@s.whatsapp.net`;
const arrived = async (number: string, count = 1) => {
  await until(`${count} messages at ${number}`, () => contacts.received(number).length >= count);
  return contacts.received(number);
};

describe('a client writes', () => {
  it('gets a server ack, and the contact decrypts the text once', async () => {
    const sent = await client.sock.sendMessage(jid('15552100001'), { text: 'hello' });
    const id = sent?.key.id ?? '';
    await until('the ack', () => client.acks.has(id));
    expect(client.acks.get(id)).toBeUndefined();
    expect(await arrived('15552100001')).toMatchObject([
      { messageId: id, from: PHONE, fromDevice: 1, type: 'text', text: 'hello', times: 1, duplicates: 0 },
    ]);
  });

  it('gets receipts: delivered by itself, read and played when the contact does so', async () => {
    const number = '15552100002';
    const id = (await client.sock.sendMessage(jid(number), { text: 'are you there' }))?.key.id ?? '';
    await until('delivered', () => client.statuses.get(id) === DELIVERED);
    contacts.sendReceipt(number, id, 'read');
    await until('read', () => client.statuses.get(id) === READ);
    contacts.sendReceipt(number, id, 'played');
    await until('played', () => client.statuses.get(id) === PLAYED);
    expect(() => contacts.sendReceipt(number, 'NONE', 'read')).toThrow(/has not received/);
  });

  it('keeps the order of many messages', async () => {
    const number = '15552100003';
    const texts = Array.from({ length: 40 }, (_, index) => `message ${index}`);
    for (const text of texts) await client.sock.sendMessage(jid(number), { text });
    expect((await arrived(number, texts.length)).map(message => message.text)).toEqual(texts);
  });

  it('may write to a LID', async () => {
    const { lid } = contacts.get('15552100004');
    await client.sock.sendMessage(lid, { text: 'by LID' });
    expect(await arrived('15552100004')).toMatchObject([{ text: 'by LID', from: PHONE }]);
  });

  it('learns that numbers with 999 are not on WhatsApp', async () => {
    expect(await client.sock.onWhatsApp('99912345678', '15552100005')).toEqual([{ jid: jid('15552100005'), exists: true }]);
    await client.sock.sendMessage(jid('99912345678'), { text: 'nobody' });
    await until('its own phone has the copy', () => simulator.phones.get(PHONE).devices.length > 0 &&
      contacts.seenByPhone(PHONE).some(message => message.fromMe && message.to === '99912345678'));
    expect(contacts.received('99912345678')).toEqual([]);
  });

  it('sends other types than text', async () => {
    const number = '15552100006';
    const target = (await client.sock.sendMessage(jid(number), { text: 'react to me' }))?.key;
    await client.sock.sendMessage(jid(number), { location: { degreesLatitude: -13.5, degreesLongitude: -71.97, name: 'Cusco' } });
    await client.sock.sendMessage(jid(number), { contacts: { displayName: 'Inti', contacts: [{ vcard: 'BEGIN:VCARD\nFN:Inti\nEND:VCARD' }] } });
    await client.sock.sendMessage(jid(number), { poll: { name: 'Tea?', values: ['yes', 'no'], selectableCount: 1 } });
    await client.sock.sendMessage(jid(number), { react: { text: '👍', key: target ?? {} } });
    await client.sock.sendMessage(jid(number), { delete: target ?? {} });
    expect((await arrived(number, 6)).map(({ type, text, location }) => ({ type, text, location }))).toEqual([
      { type: 'text', text: 'react to me', location: undefined },
      { type: 'location', text: undefined, location: { latitude: -13.5, longitude: -71.97, name: 'Cusco' } },
      { type: 'contact', text: 'Inti', location: undefined },
      { type: 'poll', text: 'Tea?', location: undefined },
      { type: 'reaction', text: '👍', location: undefined },
      { type: 'protocolMessage', text: undefined, location: undefined },
    ]);
  });
});

describe('a contact writes', () => {
  it.each(['lid', 'pn'] as const)('reaches the client, addressed by %s, with both of its names', async addressing => {
    const number = addressing === 'lid' ? '15552200001' : '15552200002';
    const { messageId } = await contacts.write(number, { to: PHONE, text: `hi by ${addressing}`, addressing });
    await until('it arrives', () => client.upserts.some(({ message }) => message.key.id === messageId));
    const upsert = client.upserts.find(({ message }) => message.key.id === messageId);
    const { jid: pn, lid } = contacts.get(number);
    expect(upsert?.type).toBe('notify');
    expect(upsert?.message.key).toMatchObject(
      addressing === 'lid' ? { remoteJid: lid, remoteJidAlt: pn, fromMe: false } : { remoteJid: pn, remoteJidAlt: lid, fromMe: false },
    );
    await until('the receipt', () => contacts.sent(number)[0]?.receipts.some(({ device }) => device === 1) ?? false);
  });

  it('hears that the client has read it', async () => {
    const number = '15552200003';
    const { messageId } = await contacts.write(number, { to: PHONE, text: 'read me' });
    await until('it arrives', () => client.upserts.some(({ message }) => message.key.id === messageId));
    const key = client.upserts.find(({ message }) => message.key.id === messageId)?.message.key;
    await client.sock.readMessages([key ?? {}]);
    await until('read', () => contacts.sent(number)[0]?.receipts.some(({ type }) => type === 'read') ?? false);
  });

  it('may send any message as protobuf JSON, and a chosen id', async () => {
    const poll = { pollCreationMessage: { name: 'Lunch?', options: [{ optionName: 'now' }] } };
    await contacts.write('15552200004', { to: PHONE, message: poll, messageId: 'CHOSEN1' });
    await until('it arrives', () => client.upserts.some(({ message }) => message.key.id === 'CHOSEN1'));
    const message = client.upserts.find(upsert => upsert.message.key.id === 'CHOSEN1')?.message.message;
    expect(message?.pollCreationMessage?.name).toBe('Lunch?');
  });

  it('answers by itself when told to', async () => {
    const number = '15552200005';
    contacts.setAutoReply(number, { read: true });
    const id = (await client.sock.sendMessage(jid(number), { text: 'marco' }))?.key.id ?? '';
    await until('the echo', () => client.texts().includes('marco'));
    await until('it was read', () => client.statuses.get(id) === READ);
    contacts.setAutoReply(number, { text: 'polo', read: false });
    await client.sock.sendMessage(jid(number), { text: 'marco again' });
    await until('the answer', () => client.texts().includes('polo'));
    contacts.setAutoReply(number, undefined);
    const before = contacts.sent(number).length;
    await client.sock.sendMessage(jid(number), { text: 'quiet now' });
    await arrived(number, 3);
    expect(contacts.sent(number)).toHaveLength(before);
  });
});

describe('the server', () => {
  it('answers what it does not know with an empty result', async () => {
    const request = { tag: 'iq', attrs: { to: 's.whatsapp.net', type: 'get', xmlns: 'w:unheard:of' }, content: [{ tag: 'what', attrs: {} }] };
    expect(await client.sock.query(request)).toMatchObject({ tag: 'iq', attrs: { type: 'result' } });
    expect(await client.sock.profilePictureUrl(jid('15552400001'))).toBeUndefined();
  });

  it('hands each one-time pre-key out once, and asks for more when they run low', async () => {
    const uploaded = simulator.stats().preKeysHandedOut;
    const writers = Array.from({ length: 8 }, (_, index) => (15_552_410_000 + index).toString());
    for (const number of writers) {
      await until('the client has pre-keys', () => (simulator.phones.get(PHONE).devices[0]?.preKeys ?? 0) > 0);
      await contacts.write(number, { to: PHONE, text: `key for ${number}` });
    }
    for (const number of writers) await until('it arrives', () => client.texts().includes(`key for ${number}`));
    expect(simulator.stats().preKeysHandedOut - uploaded).toBe(writers.length);
    const ids = simulator.log({ phone: PHONE, event: 'in' }).filter(({ stanza }) => stanza?.attrs['xmlns'] === 'encrypt' && stanza.children?.includes('list'));
    expect(ids.length).toBeGreaterThan(1);
  });
});

describe('several devices of one phone', () => {
  it('get copies of what the phone and each other send', async () => {
    const second = createClient(simulator);
    try {
      second.connect();
      await until('a QR code', () => second.qrs.length > 0);
      await simulator.phones.scan(PHONE, second.qrs[0] ?? '');
      await second.opened();

      const { messageId } = await contacts.writeFromPhone(PHONE, { to: '15552300001', text: 'from the phone' });
      for (const each of [client, second]) {
        await until('the copy', () => each.upserts.some(({ message }) => message.key.id === messageId));
        const key = each.upserts.find(({ message }) => message.key.id === messageId)?.message.key;
        expect(key).toMatchObject({ fromMe: true, remoteJid: contacts.get('15552300001').lid });
      }
      expect(await arrived('15552300001')).toMatchObject([{ text: 'from the phone', from: PHONE, fromDevice: 0 }]);

      const id = (await client.sock.sendMessage(jid('15552300002'), { text: 'from the first' }))?.key.id ?? '';
      await until('the copy at the second', () => second.upserts.some(({ message }) => message.key.id === id));
      expect(await arrived('15552300002')).toMatchObject([{ text: 'from the first', fromDevice: 1 }]);

      await contacts.write('15552300003', { to: PHONE, text: 'to both' });
      for (const each of [client, second]) await until('to both', () => each.texts().includes('to both'));
    } finally {
      await second.end();
    }
  });
});
