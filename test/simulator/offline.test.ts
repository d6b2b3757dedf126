import { createSimulator } from '@simulator/index.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { encodeWAMessage, proto } from '../../server/node_modules/@whiskeysockets/baileys/lib/index.js';
import { createClient, pairClient, trust, type BaileysClient } from '../support/baileys-client.js';
import { until } from '../support/until.js';

const simulator = createSimulator({ quickPairing: true });
const { contacts } = simulator;
const clients: BaileysClient[] = [];

beforeAll(async () => {
  await simulator.start();
  trust(simulator);
});
afterEach(async () => {
  simulator.faults.clear();
  await Promise.all(clients.splice(0).map(client => client.end()));
});
afterAll(() => simulator.stop());

const jid = (number: string) => `${number}@s.whatsapp.net`;
const paired = async (number: string) => {
  const client = await pairClient(simulator, number);
  clients.push(client);
  await until('the bootstrap is confirmed', () => simulator.phones.get(number).devices[0]?.pending.messages === 0);
  return client;
};
const comeAgain = async (client: BaileysClient, config = {}) => {
  const again = createClient(simulator, { state: client.state, config });
  clients.push(again);
  again.connect();
  await again.opened();
  return again;
};
const pendingOf = (number: string) => simulator.phones.get(number).devices[0]?.pending ?? { messages: -1, receipts: -1 };

describe('while a client is away', () => {
  it('its messages wait, and come in order, once, marked offline, at its next login', async () => {
    const client = await paired('15555000001');
    await client.end();
    const texts = ['one', 'two', 'three'];
    for (const text of texts) await contacts.write('15555100001', { to: '15555000001', text });
    expect(pendingOf('15555000001').messages).toBe(3);

    const again = await comeAgain(client);
    await until('all arrive', () => again.texts().length === 3);
    expect(again.texts()).toEqual(texts);
    expect(again.upserts.filter(({ message }) => !message.key.fromMe).map(({ type }) => type)).toEqual(['append', 'append', 'append']);
    await until('all are acknowledged', () => pendingOf('15555000001').messages === 0);

    await again.end();
    const third = await comeAgain(again);
    await contacts.write('15555100001', { to: '15555000001', text: 'four' });
    await until('the next one', () => third.texts().includes('four'));
    expect(third.texts()).toEqual(['four']);
  });

  it('receipts wait too', async () => {
    const client = await paired('15555000002');
    const id = (await client.sock.sendMessage(jid('15555100002'), { text: 'read me later' }))?.key.id ?? '';
    await until('delivered', () => client.statuses.get(id) === 3);
    await client.end();
    contacts.sendReceipt('15555100002', id, 'read');
    const again = await comeAgain(client);
    await until('read', () => again.statuses.get(id) === 4);
  });

  it('what it received and did not acknowledge comes again', async () => {
    const client = await paired('15555000003');
    // Mute right after the delivery: the client's receipt is not heard.
    simulator.faults.add({ kind: 'mute', phone: '15555000003', count: 1 });
    await contacts.write('15555100003', { to: '15555000003', text: 'unheard' });
    await client.end();
    expect(pendingOf('15555000003').messages).toBe(1);
    const again = await comeAgain(client);
    await until('it comes', () => again.texts().includes('unheard'));
  });
});

describe('retry receipts', () => {
  it('of a client are answered under the same id', async () => {
    const client = await paired('15555000010');
    simulator.faults.add({ kind: 'undecryptable', phone: '15555000010', count: 1 });
    const { messageId } = await contacts.write('15555100010', { to: '15555000010', text: 'mended' });
    await until('it is readable', () => client.texts().includes('mended'));
    const upserts = client.upserts.filter(({ message }) => message.key.id === messageId);
    expect(upserts[0]?.message.messageStubType).toBeTruthy();
    expect(contacts.sent('15555100010')[0]?.receipts.some(({ type }) => type === 'retry')).toBe(true);
    // The new session carries what follows, both ways.
    await contacts.write('15555100010', { to: '15555000010', text: 'and on' });
    await until('the next', () => client.texts().includes('and on'));
    await client.sock.sendMessage(jid('15555100010'), { text: 'thanks' });
    await until('the answer', () => contacts.received('15555100010').some(({ text }) => text === 'thanks'));
  });

  it('of a contact make the client send again', async () => {
    const client = await paired('15555000011');
    simulator.faults.add({ kind: 'undecryptable', direction: 'from-client', phone: '15555000011', count: 1 });
    const id = (await client.sock.sendMessage(jid('15555100011'), { text: 'once more' }))?.key.id ?? '';
    await until('it is readable', () => contacts.received('15555100011').length > 0);
    expect(contacts.received('15555100011')).toMatchObject([{ messageId: id, text: 'once more', times: 1 }]);
    await until('delivered', () => client.statuses.get(id) === 3);
  });

  it('of a contact make a restarted client ask getMessage', async () => {
    const client = await paired('15555000012');
    const asked: string[] = [];
    const sent = new Map<string, proto.IMessage>();
    simulator.faults.add({ kind: 'undecryptable', direction: 'from-client', phone: '15555000012', count: 1 });
    // It stops at the ack, before it can hear that the message is wanted again.
    client.sock.ws.on('CB:ack,class:message', () => void client.end());
    const message = await client.sock.sendMessage(jid('15555100012'), { text: 'from the store' });
    sent.set(message?.key.id ?? '', message?.message ?? {});
    await until('the retry receipt waits', () => contacts.received('15555100012').length === 0 && pendingOf('15555000012').receipts > 0);

    await comeAgain(client, {
      getMessage: async ({ id }: { id?: string | null }) => {
        asked.push(id ?? '');
        return sent.get(id ?? '');
      },
    });
    await until('it is readable', () => contacts.received('15555100012').length > 0);
    expect(contacts.received('15555100012')).toMatchObject([{ text: 'from the store', messageId: message?.key.id, times: 1 }]);
    expect(asked).toContain(message?.key.id);
  });

  it('a message that is encrypted anew with used keys, under a known id, is a duplicate too', async () => {
    const client = await paired('15555000014');
    await client.sock.sendMessage(jid('15555100014'), { text: 'warm' });
    await until('it arrives', () => contacts.received('15555100014').length === 1);
    const before = new Map(client.state.keys);
    const id = (await client.sock.sendMessage(jid('15555100014'), { text: 'sent before the crash' }))?.key.id ?? '';
    await until('it arrives', () => contacts.received('15555100014').length === 2);
    await client.end();

    // The client comes back without its last step of the ratchet, and sends the message again.
    const again = createClient(simulator, { state: { creds: client.state.creds, keys: before } });
    clients.push(again);
    again.connect();
    await again.opened();
    const stored = await again.sock.signalRepository.encryptMessage({
      jid: contacts.get('15555100014').lid,
      data: encodeWAMessage(proto.Message.fromObject({ conversation: 'sent before the crash' })),
    });
    const enc = { tag: 'enc', attrs: { v: '2', type: stored.type }, content: stored.ciphertext };
    const part = { tag: 'to', attrs: { jid: jid('15555100014') }, content: [enc] };
    const attrs = { id, to: jid('15555100014'), type: 'text' };
    await again.sock.sendNode({ tag: 'message', attrs, content: [{ tag: 'participants', attrs: {}, content: [part] }] });
    await until('the duplicate is counted', () => contacts.received('15555100014')[1]?.duplicates === 1);
    expect(contacts.received('15555100014')[1]).toMatchObject({ messageId: id, times: 1 });
  });

  it('a ciphertext that comes twice is a duplicate, neither a second message nor a retry', async () => {
    const client = await paired('15555000013');
    await client.sock.sendMessage(jid('15555100013'), { text: 'first' });
    await until('it arrives', () => contacts.received('15555100013').length === 1);
    const { type, ciphertext } = await client.sock.signalRepository.encryptMessage({
      jid: contacts.get('15555100013').lid,
      data: encodeWAMessage(proto.Message.fromObject({ conversation: 'twice' })),
    });
    const to = jid('15555100013');
    const part = { tag: 'to', attrs: { jid: to }, content: [{ tag: 'enc', attrs: { v: '2', type }, content: ciphertext }] };
    const stanza = { tag: 'message', attrs: { id: 'TWICE1', to, type: 'text' }, content: [{ tag: 'participants', attrs: {}, content: [part] }] };
    for (const copy of [stanza, stanza]) await client.sock.sendNode(copy);
    await until('the duplicate is counted', () => contacts.received('15555100013')[1]?.duplicates === 1);
    expect(contacts.received('15555100013')[1]).toMatchObject({ messageId: 'TWICE1', times: 1, duplicates: 1 });
  });
});
