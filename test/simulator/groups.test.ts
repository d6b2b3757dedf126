import { createSimulator } from '@simulator/index.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createClient, pairClient, textOf, trust, type BaileysClient } from '../support/baileys-client.js';
import { until } from '../support/until.js';

const simulator = createSimulator({ quickPairing: true });
const { contacts, groups, faults } = simulator;
const clients: BaileysClient[] = [];
let last = 15_558_000_000;

beforeAll(async () => {
  await simulator.start();
  trust(simulator);
});
afterEach(async () => {
  faults.clear();
  await Promise.all(clients.splice(0).map(client => client.end()));
});
afterAll(() => simulator.stop());

const newNumber = () => (last += 1).toString();
const newNumbers = (count: number) => Array.from({ length: count }, newNumber);
const paired = async () => {
  const number = newNumber();
  const client = await pairClient(simulator, number);
  clients.push(client);
  await until('the bootstrap is confirmed', () => simulator.phones.get(number).devices[0]?.pending.messages === 0);
  return { number, client };
};
const comeAgain = async (client: BaileysClient) => {
  const again = createClient(simulator, { state: client.state });
  clients.push(again);
  again.connect();
  await again.opened();
  return again;
};
/** A group of a client's account and so many contacts. */
const groupOf = async (count: number) => {
  const { number, client } = await paired();
  const members = newNumbers(count);
  const { jid } = groups.create({ subject: 'Chasquis', members: [number, ...members] });
  return { number, client, members, jid };
};
const stubs = (client: BaileysClient) => client.upserts.filter(({ message }) => message.messageStubType).map(({ message }) => message.messageStubParameters?.[0]);
/** The messages of a chat that it saw; besides, there is what its own phone sends it at the start. */
const inChat = (client: BaileysClient, jid: string) => client.upserts.filter(({ message }) => message.key.remoteJid === jid).map(({ message }) => message);
const pendingOf = (number: string) => simulator.phones.get(number).devices[0]?.pending;
const sentReceipts = (number: string, messageId: string) => contacts.sent(number).find(sent => sent.messageId === messageId)?.receipts ?? [];

describe('the metadata of a group', () => {
  it('names subject and members by LID, with their numbers', async () => {
    const { number, client, members, jid } = await groupOf(2);
    const metadata = await client.sock.groupMetadata(jid);
    const { lid, jid: pn } = contacts.get(number);
    expect(metadata).toMatchObject({ id: jid, subject: 'Chasquis', addressingMode: 'lid', owner: lid, ownerPn: pn, size: 3 });
    expect(metadata.creation).toBeGreaterThan(0);
    expect(metadata.participants.map(({ id, phoneNumber, admin }) => ({ id, phoneNumber, admin }))).toEqual(
      [number, ...members].map((each, index) => ({ id: contacts.get(each).lid, phoneNumber: contacts.get(each).jid, admin: index ? null : 'superadmin' })),
    );
  });

  it('is there for all groups of an account at once', async () => {
    const { client, jid } = await groupOf(1);
    groups.create({ subject: 'of others', members: newNumbers(2) });
    expect(Object.keys(await client.sock.groupFetchAllParticipating())).toEqual([jid]);
  });

  it('is refused: 404 for an unknown group, 403 for a stranger; so is a message', async () => {
    const { client, jid } = await groupOf(1);
    const others = groups.create({ subject: 'of others', members: newNumbers(2) });
    await expect(client.sock.groupMetadata('120363999999999999@g.us')).rejects.toMatchObject({ message: 'item-not-found', data: 404 });
    await expect(client.sock.groupMetadata(others.jid)).rejects.toMatchObject({ message: 'forbidden', data: 403 });

    const metadata = await client.sock.groupMetadata(jid);
    for (const [to, error] of [['120363999999999999@g.us', '404'], [others.jid, '401']] as const) {
      // As a client with an outdated cache does.
      const again = createClient(simulator, { state: client.state, config: { cachedGroupMetadata: async () => ({ ...metadata, id: to }) } });
      clients.push(again);
      again.connect();
      await again.opened();
      const id = (await again.sock.sendMessage(to, { text: 'anyone?' }))?.key.id ?? '';
      await until('the ack', () => again.acks.has(id));
      expect(again.acks.get(id)).toBe(error);
    }
  });
});

describe('a client writes to a group', () => {
  it('gets an ack; each member decrypts each message once, the own phone too', async () => {
    const { number, client, members, jid } = await groupOf(3);
    const ids: string[] = [];
    for (const text of ['one', 'two', 'three']) ids.push((await client.sock.sendMessage(jid, { text }))?.key.id ?? '');
    for (const member of [...members, number]) {
      await until('all arrive', () => groups.received(jid, member).length === 3);
      expect(groups.received(jid, member)).toMatchObject(
        ['one', 'two', 'three'].map((text, index) => ({ messageId: ids[index], from: number, fromDevice: 1, group: jid, type: 'text', text, times: 1, duplicates: 0 })),
      );
    }
    await until('the acks', () => ids.every(id => client.acks.has(id)));
    expect(ids.map(id => client.acks.get(id))).toEqual([undefined, undefined, undefined]);
    expect(simulator.log({ phone: number, event: 'out' }).filter(({ stanza }) => stanza?.attrs['type'] === 'retry')).toEqual([]);
  });

  it('hears from each member that it was delivered, and read', async () => {
    const { client, members, jid } = await groupOf(2);
    const updates: { userJid?: string | null; readTimestamp?: unknown }[] = [];
    client.sock.ev.on('message-receipt.update', changes => updates.push(...changes.map(({ receipt }) => receipt)));
    const id = (await client.sock.sendMessage(jid, { text: 'all well?' }))?.key.id ?? '';
    // Baileys puts receipts that come at once into the message that it is about to show.
    const all = () => [...inChat(client, jid).flatMap(({ userReceipt }) => userReceipt ?? []), ...updates];
    const by = (read: boolean) => [...new Set(all().filter(({ readTimestamp }) => !read || readTimestamp).map(({ userJid }) => userJid))].sort();
    const lids = members.map(member => contacts.get(member).lid).sort();
    await until('delivered to both', () => by(false).length === 2);
    expect(by(false)).toEqual(lids);
    for (const member of members) contacts.sendReceipt(member, id, 'read');
    await until('read by both', () => by(true).length === 2);
    expect(by(true)).toEqual(lids);
  });

  it('reaches the other devices of its phone and other phones', async () => {
    const { number, client } = await paired();
    const { number: otherNumber, client: other } = await paired();
    const second = createClient(simulator);
    clients.push(second);
    second.connect();
    await until('a QR code', () => second.qrs.length > 0);
    await simulator.phones.scan(number, second.qrs[0] ?? '');
    await second.opened();
    const { jid } = groups.create({ subject: 'Phones', members: [number, otherNumber] });

    const ids: (string | null | undefined)[] = [];
    for (const text of ['to all', 'once more']) ids.push((await client.sock.sendMessage(jid, { text }))?.key.id);
    for (const each of [second, other]) {
      await until('both arrive', () => ids.every(id => each.upserts.some(({ message }) => message.key.id === id)));
      const keys = inChat(each, jid).map(({ key }) => key);
      expect(keys.map(key => key.fromMe)).toEqual([each === second, each === second]);
      expect(stubs(each)).toEqual([]);
    }
    expect(other.texts()).toEqual(['to all', 'once more']);
    const key = other.upserts.find(({ message }) => message.key.id === ids[0])?.message.key;
    const { lid, jid: pn } = contacts.get(number);
    expect(key).toMatchObject({ remoteJid: jid, participant: lid, participantAlt: pn });

    await other.sock.sendMessage(jid, { text: 'answer' });
    for (const each of [client, second]) await until('the answer', () => each.texts().includes('answer'));
    await until('nothing waits', () => [number, otherNumber].every(each => pendingOf(each)?.messages === 0));
  });

  it('is asked again by a member that cannot read it, also by another phone\'s client', async () => {
    const { number, client, members: [contact = ''], jid } = await groupOf(1);
    await client.sock.sendMessage(jid, { text: 'first' });
    await until('it arrives', () => groups.received(jid, contact).length === 1);
    faults.add({ kind: 'undecryptable', direction: 'from-client', phone: number, count: 1 });
    const id = (await client.sock.sendMessage(jid, { text: 'once more' }))?.key.id ?? '';
    await until('it is readable', () => groups.received(jid, contact).length === 2);
    expect(groups.received(jid, contact)[1]).toMatchObject({ messageId: id, text: 'once more', times: 1 });

    const { number: otherNumber, client: other } = await paired();
    const phones = groups.create({ subject: 'Phones', members: [number, otherNumber] });
    faults.add({ kind: 'undecryptable', phone: otherNumber, count: 1 });
    await client.sock.sendMessage(phones.jid, { text: 'to the other phone' });
    await until('it is readable', () => other.texts().includes('to the other phone'));
    await client.sock.sendMessage(phones.jid, { text: 'and on' });
    await until('the next', () => other.texts().includes('and on'));
    expect(stubs(other)).toHaveLength(1);
  });

  it('meets the faults of acks', async () => {
    const { number, client, members: [contact = ''], jid } = await groupOf(1);
    faults.add({ kind: 'ack-error', phone: number, code: 420, count: 1 });
    const refused = (await client.sock.sendMessage(jid, { text: 'refused' }))?.key.id ?? '';
    await until('it is refused', () => client.acks.get(refused) === '420');
    faults.add({ kind: 'drop-ack', phone: number, count: 1 });
    const dropped = (await client.sock.sendMessage(jid, { text: 'no ack' }))?.key.id ?? '';
    await until('it is readable', () => groups.received(jid, contact).some(({ text }) => text === 'no ack'));
    expect(client.acks.has(dropped)).toBe(false);
    expect(groups.received(jid, contact).map(({ text }) => text)).toEqual(['no ack']);
  });
});

describe('members write to a group', () => {
  it('reaches the clients in order, and the other members', async () => {
    const { number, client, members: [ana = '', ben = ''], jid } = await groupOf(2);
    const written: [string, string][] = [[ana, 'a1'], [ben, 'b1'], [ana, 'a2'], [ana, 'a3'], [ben, 'b2']];
    for (const [from, text] of written) await groups.write(jid, { from, text });
    await until('all arrive', () => client.texts().length === written.length);
    expect(client.texts()).toEqual(written.map(([, text]) => text));
    expect(stubs(client)).toEqual([]);
    const keys = inChat(client, jid).map(({ key }) => key);
    expect(keys[1]).toMatchObject({ remoteJid: jid, fromMe: false, participant: contacts.get(ben).lid, participantAlt: contacts.get(ben).jid });
    await until('the receipts', () => groups.received(jid, number).length === 5 && contacts.sent(ana).every(({ receipts }) => receipts.some(({ device }) => device === 1)));
    expect(contacts.sent(ana)[0]).toMatchObject({ to: jid, receipts: expect.arrayContaining([expect.objectContaining({ type: 'delivered', from: number, device: 1 })]) });
    expect(groups.received(jid, ana).map(({ from, text }) => [from, text])).toEqual([[ben, 'b1'], [ben, 'b2']]);
    expect(contacts.received(ben).map(({ text, group }) => [text, group])).toEqual([['a1', jid], ['a2', jid], ['a3', jid]]);
    // The sender key comes once, with the first message.
    const out = simulator.log({ phone: number, event: 'out' }).filter(({ stanza }) => stanza?.attrs['from'] === jid && stanza.tag === 'message');
    expect(out.map(({ stanza }) => stanza?.children)).toEqual([['enc', 'enc'], ['enc', 'enc'], ['enc'], ['enc'], ['enc']]);
  });

  it('may be the phone itself: its client has a copy', async () => {
    const { number, client, members: [contact = ''], jid } = await groupOf(1);
    const { messageId } = await groups.write(jid, { from: number, text: 'from my hand' });
    await until('the copy', () => client.upserts.some(({ message }) => message.key.id === messageId));
    const message = client.upserts.find(upsert => upsert.message.key.id === messageId)?.message;
    expect([message?.key.fromMe, message?.key.remoteJid, textOf(message?.message)]).toEqual([true, jid, 'from my hand']);
    expect(groups.received(jid, contact)).toMatchObject([{ messageId, from: number, fromDevice: 0, times: 1 }]);
    await until('nothing waits', () => pendingOf(number)?.messages === 0);
  });

  it('hear that the client has read it', async () => {
    const { number, client, members: [contact = ''], jid } = await groupOf(1);
    const { messageId } = await groups.write(jid, { from: contact, text: 'read me', messageId: 'CHOSEN2' });
    await until('it arrives', () => client.texts().includes('read me'));
    await client.sock.readMessages(inChat(client, jid).map(({ key }) => key));
    await until('read', () => sentReceipts(contact, messageId).some(({ type, from }) => type === 'read' && from === number));
  });

  it('may send what contacts send: media, reactions', async () => {
    const { client, members: [contact = ''], jid } = await groupOf(1);
    const id = (await client.sock.sendMessage(jid, { text: 'react' }))?.key.id ?? '';
    await until('it arrives', () => groups.received(jid, contact).length === 1);
    await groups.write(jid, { from: contact, reaction: { messageId: id, emoji: '👍' } });
    await groups.write(jid, { from: contact, image: { base64: Buffer.from('an image').toString('base64'), caption: 'look' } });
    await until('both arrive', () => client.upserts.some(({ message }) => message.message?.imageMessage?.caption === 'look'));
    const reaction = client.upserts.find(({ message }) => message.message?.reactionMessage)?.message.message?.reactionMessage;
    expect(reaction).toMatchObject({ text: '👍', key: { id, remoteJid: jid, fromMe: true } });
  });

  it('is sent again to a client that cannot read it, sender key and all', async () => {
    const { number, client, members: [contact = ''], jid } = await groupOf(1);
    faults.add({ kind: 'undecryptable', phone: number, count: 1 });
    const { messageId } = await groups.write(jid, { from: contact, text: 'mended' });
    await until('it is readable', () => client.texts().includes('mended'));
    expect(stubs(client)).toHaveLength(1);
    expect(sentReceipts(contact, messageId).some(({ type }) => type === 'retry')).toBe(true);
    await groups.write(jid, { from: contact, text: 'and on' });
    await until('the next', () => client.texts().includes('and on'));
    expect(stubs(client)).toHaveLength(1);
    await until('nothing waits', () => pendingOf(number)?.messages === 0);
  });
});

describe('while a client is away', () => {
  it('the messages of its groups wait, and come in order, marked offline', async () => {
    const { number, client, members: [ana = '', ben = ''], jid } = await groupOf(2);
    await groups.write(jid, { from: ana, text: 'before' });
    await until('it arrives', () => client.texts().includes('before'));
    await client.end();
    await groups.write(jid, { from: ana, text: 'one' });
    await groups.write(jid, { from: ben, text: 'two' });
    await contacts.write(ana, { to: number, text: 'between' });
    await groups.write(jid, { from: ana, text: 'three' });
    expect(pendingOf(number)?.messages).toBe(4);

    const again = await comeAgain(client);
    await until('all arrive', () => again.texts().length === 4);
    expect(again.texts()).toEqual(['one', 'two', 'between', 'three']);
    expect(again.upserts.filter(({ message }) => !message.key.fromMe).map(({ type }) => type)).toEqual(['append', 'append', 'append', 'append']);
    expect(stubs(again)).toEqual([]);
    await until('all are acknowledged', () => pendingOf(number)?.messages === 0);
  });

  it('what it did not acknowledge comes again', async () => {
    const { number, client, members: [contact = ''], jid } = await groupOf(1);
    faults.add({ kind: 'mute', phone: number, count: 1 });
    await groups.write(jid, { from: contact, text: 'unheard' });
    await client.end();
    const again = await comeAgain(client);
    await until('it comes', () => again.texts().includes('unheard'));
    await until('it is acknowledged', () => pendingOf(number)?.messages === 0);
  });
});

describe('a message that comes twice', () => {
  it('redeliver: Baileys asks again for what it read already, and shows it twice', async () => {
    const { number, client, members: [contact = ''], jid } = await groupOf(1);
    await groups.write(jid, { from: contact, text: 'before' });
    await until('it arrives', () => client.texts().includes('before'));
    faults.add({ kind: 'redeliver', phone: number, count: 1 });
    const { messageId } = await groups.write(jid, { from: contact, text: 'twice' });
    await until('it was sent again', () => client.texts().filter(text => text === 'twice').length === 2);
    expect(stubs(client)).toEqual([expect.stringMatching(/old counter/)]);
    expect(sentReceipts(contact, messageId).some(({ type }) => type === 'retry')).toBe(true);
    await until('nothing waits', () => pendingOf(number)?.messages === 0);
  });
});

describe('reorder', () => {
  it('lets two messages to a client swap places', async () => {
    const { number, client } = await paired();
    const contact = newNumber();
    faults.add({ kind: 'reorder', phone: number, count: 1 });
    for (const text of ['one', 'two', 'three']) await contacts.write(contact, { to: number, text });
    await until('all arrive', () => client.texts().length === 3);
    expect(client.texts()).toEqual(['two', 'one', 'three']);
    expect(stubs(client)).toEqual([]);
  });

  it('holds back no longer than until the faults are removed, or the next login', async () => {
    const { number, client } = await paired();
    const contact = newNumber();
    faults.add({ kind: 'reorder', phone: number, count: 2 });
    await contacts.write(contact, { to: number, text: 'held back' });
    expect(pendingOf(number)?.messages).toBe(1);
    faults.clear();
    await until('it arrives', () => client.texts().includes('held back'));

    faults.add({ kind: 'reorder', phone: number, count: 1 });
    await contacts.write(contact, { to: number, text: 'held back again' });
    await client.end();
    const again = await comeAgain(client);
    await until('it arrives', () => again.texts().includes('held back again'));
    await contacts.write(contact, { to: number, text: 'the next' });
    await until('the next', () => again.texts().includes('the next'));
    expect(again.texts()).toEqual(['held back again', 'the next']);
  });

  /**
   * The sender-key bug of Baileys 7.0.0-rc14: it keeps the keys of messages that were overtaken as JSON that it cannot read
   * back (`storeSenderKey` writes a Buffer as `{type, data: [...]}`, `BufferJSON.reviver` revives only base64), so that a
   * group's message that comes late cannot be decrypted and is asked for again. When this fails after an update of Baileys,
   * the bug is gone: expect no stub and no retry here, and drop what works around it.
   */
  it('the sender-key bug: bare Baileys cannot read a group message that was overtaken, until it is sent again', async () => {
    const { number, client, members: [contact = ''], jid } = await groupOf(1);
    await groups.write(jid, { from: contact, text: 'one' });
    await until('the sender key is there', () => client.texts().includes('one'));
    faults.add({ kind: 'reorder', phone: number, count: 1 });
    const { messageId } = await groups.write(jid, { from: contact, text: 'two' });
    await groups.write(jid, { from: contact, text: 'three' });
    await until('all arrive', () => client.texts().length === 3);
    expect(client.texts()).toEqual(['one', 'three', 'two']);
    expect(stubs(client)).toEqual(['Expected Buffer instead of: Object']);
    expect(sentReceipts(contact, messageId).some(({ type }) => type === 'retry')).toBe(true);
  });
});
