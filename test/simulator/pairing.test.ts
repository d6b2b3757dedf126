import { createSimulator } from '@simulator/index.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createClient, newState, pairClient, trust, type BaileysClient, type ClientOptions } from '../support/baileys-client.js';
import { until } from '../support/until.js';
import { createHeldClock } from './held-clock.js';

const simulator = createSimulator({ quickPairing: true });
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

const unpaired = async (options?: ClientOptions) => {
  const client = createClient(simulator, options);
  clients.push(client);
  client.connect();
  await until('a QR code', () => client.qrs.length > 0);
  return client;
};

describe('pairing by QR code', () => {
  it('links the client that shows the code, with its PN and LID', async () => {
    simulator.phones.add('+1 (555) 100-0001', 'Ada');
    const client = await unpaired();
    const device = await simulator.phones.scan('15551000001', client.qrs[0] ?? '');
    await client.opened();
    expect(client.sock.user).toMatchObject({ id: '15551000001:1@s.whatsapp.net', lid: device.lid, name: 'Ada' });
    expect(simulator.phones.get('15551000001').devices).toMatchObject([{ device: 1, connected: true }]);
  });

  it('lets a client upload 812 pre-keys where pairing is not made quick', async () => {
    const plain = createSimulator();
    await plain.start();
    const client = createClient(plain);
    try {
      trust(plain);
      plain.phones.add('15551000002');
      client.connect();
      await until('a QR code', () => client.qrs.length > 0);
      await plain.phones.scan('15551000002', client.qrs[0] ?? '');
      await client.opened();
      // One of them went into the phone's own first message.
      expect(plain.phones.get('15551000002').devices[0]?.preKeys).toBeGreaterThanOrEqual(811);
    } finally {
      await client.end();
      await plain.stop();
      trust(simulator);
    }
  });

  it('leaves the initial sync at once', async () => {
    const client = await pairClient(simulator, '15551000003');
    clients.push(client);
    await until('the sync is counted', () => (client.state.creds.accountSyncCounter ?? 0) > 0, 5000);
    expect(client.state.creds.myAppStateKeyId).toBeTruthy();
  });

  it('refuses what is no QR code, one of nobody, and one with other keys', async () => {
    simulator.phones.add('15551000004');
    const client = await unpaired();
    const qr = client.qrs[0] ?? '';
    const [head, noise, ...rest] = qr.split(',');
    const scan = (text: string) => simulator.phones.scan('15551000004', text);
    await expect(scan('hello')).rejects.toMatchObject({ status: 400, code: 'invalid_qr' });
    await expect(scan(qr.replace('#2@', '#2@x'))).rejects.toMatchObject({ status: 404, code: 'unknown_qr' });
    const otherKey = Buffer.alloc(32, 7).toString('base64');
    await expect(scan([head, otherKey, ...rest].join(','))).rejects.toMatchObject({ status: 400, code: 'invalid_qr' });
    await expect(simulator.phones.scan('15551999999', qr)).rejects.toMatchObject({ status: 404, code: 'unknown_phone' });
    expect(noise).toBeTruthy();
  });

  it('refuses a code that has run out', async () => {
    const clock = createHeldClock();
    const slow = createSimulator({ clock });
    await slow.start();
    const client = createClient(slow);
    try {
      slow.phones.add('15551000005');
      trust(slow);
      client.connect();
      await until('a QR code', () => client.qrs.length > 0);
      clock.advance(66_000);
      await expect(slow.phones.scan('15551000005', client.qrs[0] ?? '')).rejects.toMatchObject({ status: 410, code: 'qr_expired' });
    } finally {
      await client.end();
      await slow.stop();
      trust(simulator);
    }
  });

  it('never scans while never-scanned is set, and the refs run out', async () => {
    simulator.phones.add('15551000006');
    simulator.faults.add({ kind: 'never-scanned', ms: 50 });
    const client = await unpaired();
    await expect(simulator.phones.scan('15551000006', client.qrs[0] ?? '')).rejects.toMatchObject({ status: 409, code: 'never_scanned' });
    await until('the client gives up', () => client.closes.length > 0);
    expect(client.closes[0]).toMatchObject({ code: 408, message: 'QR refs attempts ended' });
  });
});

describe('pairing by code', () => {
  it('links the client whose code is typed', async () => {
    simulator.phones.add('15551000010', 'Grace');
    const client = await unpaired();
    const code = await client.sock.requestPairingCode('15551000010');
    await simulator.phones.enterPairingCode('15551000010', `${code.slice(0, 4)}-${code.slice(4)}`);
    await client.opened();
    expect(client.sock.user?.id).toBe('15551000010:1@s.whatsapp.net');
  });

  it('refuses a wrong code, then takes the right one', async () => {
    simulator.phones.add('15551000011');
    const client = await unpaired();
    const code = await client.sock.requestPairingCode('15551000011');
    await expect(simulator.phones.enterPairingCode('15551000011', 'WRONGCDE')).rejects.toMatchObject({ status: 422, code: 'wrong_pairing_code' });
    await simulator.phones.enterPairingCode('15551000011', code);
    await client.opened();
  });

  it('says when no client asks for one', async () => {
    const clock = createHeldClock();
    const { phones } = createSimulator({ clock });
    phones.add('15551000012');
    const entered = expect(phones.enterPairingCode('15551000012', 'ABCDEFGH')).rejects.toMatchObject({ status: 404, code: 'no_pairing_request' });
    await until('it waits for a client', () => clock.waiting.length === 1);
    clock.fire(clock.waiting[0] ?? 0);
    await entered;
  });
});

describe('login', () => {
  it('knows a linked client again', async () => {
    const first = await pairClient(simulator, '15551000020');
    await first.end();
    const again = createClient(simulator, { state: first.state });
    clients.push(again);
    again.connect();
    await again.opened();
    expect(again.qrs).toEqual([]);
  });

  it('refuses a client that it does not know, and one whose noise key is another', async () => {
    const known = await pairClient(simulator, '15551000021');
    await known.end();
    const stranger = newState();
    stranger.creds.me = { id: '15551777777:1@s.whatsapp.net', name: 'x' };
    const impostor = newState();
    impostor.creds.me = { id: '15551000021:1@s.whatsapp.net', name: 'x' };
    for (const state of [stranger, impostor]) {
      const client = createClient(simulator, { state });
      clients.push(client);
      client.connect();
      await until('it is refused', () => client.closes.length > 0);
      expect(client.closes[0]?.code).toBe(401);
    }
  });

  it('unlinks a client that logs out', async () => {
    const client = await pairClient(simulator, '15551000022');
    await client.sock.logout();
    await until('it is unlinked', () => simulator.phones.get('15551000022').devices.length === 0);
    const again = createClient(simulator, { state: client.state });
    clients.push(again);
    again.connect();
    await until('it is refused', () => again.closes.length > 0);
    expect(again.closes[0]?.code).toBe(401);
  });

  it('replaces the older connection of the same device', async () => {
    const first = await pairClient(simulator, '15551000023');
    const second = createClient(simulator, { state: first.state });
    clients.push(first, second);
    second.connect();
    await second.opened();
    await until('the first is closed', () => first.closes.length > 0);
    expect(first.closes[0]?.code).toBe(440);
    expect(simulator.phones.get('15551000023').devices).toMatchObject([{ connected: true }]);
  });
});
