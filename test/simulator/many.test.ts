import { createSimulator } from '@simulator/index.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pairClient, trust, type BaileysClient } from '../support/baileys-client.js';
import { until } from '../support/until.js';

const COUNT = 50;
/** So many pair at the same time: each costs its client a tenth of a second of signatures. */
const WAVE = 10;
const CONTACT = '15558900001';
const simulator = createSimulator({ quickPairing: true });
const clients: BaileysClient[] = [];

beforeAll(async () => {
  await simulator.start();
  trust(simulator);
});
afterAll(async () => {
  await Promise.all(clients.map(client => client.end()));
  await simulator.stop();
});

describe(`${COUNT} devices at once`, () => {
  it('pair, send and receive', { timeout: 180_000 }, async () => {
    const numbers = Array.from({ length: COUNT }, (_, index) => (15_558_000_000 + index).toString());
    for (let start = 0; start < COUNT; start += WAVE) {
      clients.push(...(await Promise.all(numbers.slice(start, start + WAVE).map(number => pairClient(simulator, number)))));
    }
    expect(simulator.stats()).toMatchObject({ connectedDevices: COUNT, phones: COUNT });

    await Promise.all(clients.map((client, index) => client.sock.sendMessage(`${CONTACT}@s.whatsapp.net`, { text: `from ${index}` })));
    await until('all arrive', () => simulator.contacts.received(CONTACT).length === COUNT, 60_000);
    expect(new Set(simulator.contacts.received(CONTACT).map(({ text }) => text)).size).toBe(COUNT);

    await Promise.all(numbers.map((to, index) => simulator.contacts.write(CONTACT, { to, text: `to ${index}` })));
    for (const [index, client] of clients.entries()) {
      await until('each has its own', () => client.texts().length > 0, 60_000);
      expect(client.texts()).toEqual([`to ${index}`]);
    }
  });
});
