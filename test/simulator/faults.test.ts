import { createSimulator } from '@simulator/index.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createClient, pairClient, trust, type BaileysClient } from '../support/baileys-client.js';
import { until } from '../support/until.js';
import { createHeldClock } from './held-clock.js';

const clock = createHeldClock();
const simulator = createSimulator({ quickPairing: true, clock });
const { contacts, faults } = simulator;
const clients: BaileysClient[] = [];
let last = 15_556_000_000;

beforeAll(async () => {
  await simulator.start();
  trust(simulator);
});
afterEach(async () => {
  faults.clear();
  await Promise.all(clients.splice(0).map(client => client.end()));
});
afterAll(() => simulator.stop());

const CONTACT = '15556900001';
const paired = async () => {
  const number = (last += 1).toString();
  const client = await pairClient(simulator, number);
  clients.push(client);
  return { number, client };
};
const again = (client: BaileysClient, config = {}) => {
  const next = createClient(simulator, { state: client.state, config });
  clients.push(next);
  next.connect();
  return next;
};
const send = async (client: BaileysClient, text: string) => (await client.sock.sendMessage(`${CONTACT}@s.whatsapp.net`, { text }))?.key.id ?? '';
const received = (id: string) => contacts.received(CONTACT).filter(message => message.messageId === id);
const closed = async (client: BaileysClient) => {
  await until('the client is closed', () => client.closes.length > 0);
  return client.closes[0]?.code;
};

describe('faults of acks', () => {
  it('drop-ack: the message arrives, the ack does not; for one phone, so often as said', async () => {
    const { number, client } = await paired();
    const { client: other } = await paired();
    faults.add({ kind: 'drop-ack', phone: number, count: 1 });
    const dropped = await send(client, 'no ack');
    const fine = await send(other, 'ack');
    const next = await send(client, 'ack again');
    await until('the others are acknowledged', () => client.acks.has(next) && other.acks.has(fine));
    await until('it arrives', () => received(dropped).length === 1);
    expect(client.acks.has(dropped)).toBe(false);
    expect(simulator.stats().acksDropped).toBe(1);
  });

  it('ack-error: refused with that code, and not delivered', async () => {
    const { number, client } = await paired();
    faults.add({ kind: 'ack-error', phone: number, code: 463, count: 1 });
    const refused = await send(client, 'refused');
    const next = await send(client, 'taken');
    await until('both are answered', () => client.acks.has(refused) && client.acks.has(next));
    expect(client.acks.get(refused)).toBe('463');
    await until('the next arrives', () => received(next).length === 1);
    expect(received(refused)).toEqual([]);
    expect(() => faults.add({ kind: 'ack-error' })).toThrow(/code/);
  });

  it('delay-ack: the ack comes late', async () => {
    const { number, client } = await paired();
    faults.add({ kind: 'delay-ack', phone: number, ms: 400, count: 1 });
    const id = await send(client, 'patience');
    const next = await send(client, 'at once');
    await until('both arrive, one is acknowledged', () => received(id).length === 1 && received(next).length === 1 && client.acks.has(next));
    expect(client.acks.has(id)).toBe(false);
    clock.fire(400);
    await until('the ack', () => client.acks.has(id));
  });
});

describe('faults of connections', () => {
  it('close: drops the TCP connection', async () => {
    const { number, client } = await paired();
    expect(faults.add({ kind: 'close', phone: number }).met).toBe(1);
    expect(await closed(client)).toBe(428);
    await again(client).opened();
  });

  it('mute: neither hears nor speaks until the faults are removed', async () => {
    const { number, client } = await paired();
    // The session is there already: sending needs no answer of the server.
    const first = await send(client, 'before');
    await until('the first arrives', () => received(first).length === 1);
    expect(faults.add({ kind: 'mute', phone: number }).met).toBe(1);
    const lost = await send(client, 'into the void');
    await until('it was swallowed', () => simulator.log({ phone: number, event: 'swallowed' }).some(({ stanza }) => stanza?.attrs['id'] === lost));
    faults.clear();
    const heard = await send(client, 'hello again');
    await until('the ack', () => client.acks.has(heard));
    expect(client.acks.has(lost)).toBe(false);
    expect(received(lost)).toEqual([]);
  });

  it('mute: with a count, the next connection speaks', async () => {
    const { number, client } = await paired();
    faults.add({ kind: 'mute', phone: number, count: 1 });
    await client.end();
    await again(client).opened();
  });

  it('refuse-upgrade: HTTP 403', async () => {
    const { client } = await paired();
    await client.end();
    faults.add({ kind: 'refuse-upgrade', count: 1 });
    const refused = createClient(simulator, { state: client.state, config: { connectTimeoutMs: 500 } });
    clients.push(refused);
    refused.connect();
    await until('it is refused', () => simulator.log({ event: 'refused' }).length > 0);
    expect(simulator.log({ event: 'refused' })).toMatchObject([{ detail: '403' }]);
    await again(client).opened();
    expect(() => faults.add({ kind: 'refuse-upgrade', phone: '15556000001' })).toThrow(/before the upgrade/);
  });

  it.each([[undefined, 503], [403, 403], [405, 405], [411, 411]])('refuse-login %s: failure %s', async (code, expected) => {
    const { number, client } = await paired();
    await client.end();
    faults.add({ kind: 'refuse-login', phone: number, code, count: 1 });
    expect(await closed(again(client))).toBe(expected);
    await again(client).opened();
  });

  it('logged-out: connected or not, 401 and unlinked', async () => {
    const { number, client } = await paired();
    expect(faults.add({ kind: 'logged-out', phone: number }).met).toBe(1);
    expect(await closed(client)).toBe(401);
    expect(simulator.phones.get(number).devices).toEqual([]);

    const away = await paired();
    await away.client.end();
    faults.add({ kind: 'logged-out', phone: away.number });
    expect(await closed(again(away.client))).toBe(401);
  });

  it('replaced: 440, and it may come again', async () => {
    const { number, client } = await paired();
    faults.add({ kind: 'replaced', phone: number });
    expect(await closed(client)).toBe(440);
    await again(client).opened();
  });

  it('stream-error: the code that was asked for', async () => {
    const { number, client } = await paired();
    faults.add({ kind: 'stream-error', phone: number });
    expect(await closed(client)).toBe(503);
  });
});

describe('faults of messages', () => {
  it('redeliver: the same stanza comes twice', async () => {
    const { number, client } = await paired();
    faults.add({ kind: 'redeliver', phone: number, count: 1 });
    const { messageId } = await contacts.write(CONTACT, { to: number, text: 'twice' });
    const seen = (event: 'in' | 'out', tag: string) =>
      simulator.log({ phone: number, event }).filter(({ stanza }) => stanza?.tag === tag && stanza.attrs['id'] === messageId);
    await until('the client refuses the second', () => seen('in', 'ack').length === 1);
    expect(seen('out', 'message')).toHaveLength(2);
    expect(client.texts()).toEqual(['twice']);
    await contacts.write(CONTACT, { to: number, text: 'after it' });
    await until('the next', () => client.texts().includes('after it'));
  });

  it('undecryptable: broken at the first attempt only', async () => {
    const { number, client } = await paired();
    faults.add({ kind: 'undecryptable', phone: number });
    const { messageId } = await contacts.write(CONTACT, { to: number, text: 'readable in the end' });
    await until('it is readable', () => client.texts().includes('readable in the end'));
    expect(client.upserts.filter(({ message }) => message.key.id === messageId)).toHaveLength(2);
  });
});
