import { createSimulator } from '@simulator/index.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient, pairClient, trust, type BaileysClient } from '../support/baileys-client.js';
import { until } from '../support/until.js';

const ADA = '15554000001';
const GRACE = '15554000002';
const simulator = createSimulator({ quickPairing: true });
let ada: BaileysClient;
let grace: BaileysClient;

beforeAll(async () => {
  await simulator.start();
  trust(simulator);
  [ada, grace] = await Promise.all([pairClient(simulator, ADA), pairClient(simulator, GRACE)]);
});
afterAll(async () => {
  await Promise.all([ada.end(), grace.end()]);
  await simulator.stop();
});

const jid = (number: string) => `${number}@s.whatsapp.net`;

describe('two real clients', () => {
  it('write to each other, and hear of delivery and reading', async () => {
    const id = (await ada.sock.sendMessage(jid(GRACE), { text: 'hello Grace' }))?.key.id ?? '';
    await until('it arrives', () => grace.texts().includes('hello Grace'));
    await until('delivered', () => ada.statuses.get(id) === 3);
    const received = grace.upserts.find(({ message }) => message.key.id === id)?.message;
    expect(received?.key).toMatchObject({ remoteJid: jid(ADA), remoteJidAlt: simulator.contacts.get(ADA).lid, fromMe: false });

    await grace.sock.readMessages([received?.key ?? {}]);
    await until('read', () => ada.statuses.get(id) === 4);

    await grace.sock.sendMessage(received?.key.remoteJid ?? '', { text: 'hello Ada' });
    await until('the answer', () => ada.texts().includes('hello Ada'));
    expect(simulator.contacts.received(GRACE)).toMatchObject([{ text: 'hello Grace', from: ADA, times: 1 }]);
  });

  it('talk by LID', async () => {
    await ada.sock.sendMessage(simulator.contacts.get(GRACE).lid, { text: 'by LID' });
    await until('it arrives', () => grace.texts().includes('by LID'));
    const key = grace.upserts.find(({ message }) => message.message?.extendedTextMessage?.text === 'by LID')?.message.key;
    expect(key).toMatchObject({ remoteJid: simulator.contacts.get(ADA).lid, remoteJidAlt: jid(ADA) });
  });

  it('a broken message is asked for again and sent again by the other client', async () => {
    simulator.faults.add({ kind: 'undecryptable', phone: GRACE, count: 1 });
    await ada.sock.sendMessage(jid(GRACE), { text: 'second attempt' });
    await until('it arrives in the end', () => grace.texts().includes('second attempt'));
    expect(simulator.faults.list()).toEqual([]);
  });

  it('a newly linked device is told to those who know the account, and gets the next message', async () => {
    const second = createClient(simulator);
    try {
      second.connect();
      await until('a QR code', () => second.qrs.length > 0);
      await simulator.phones.scan(GRACE, second.qrs[0] ?? '');
      await second.opened();
      await ada.sock.sendMessage(jid(GRACE), { text: 'to both of yours' });
      for (const each of [grace, second]) await until('it arrives', () => each.texts().includes('to both of yours'));
    } finally {
      await second.end();
    }
  });
});
