import { createHash, randomBytes } from 'node:crypto';
import { createSimulator } from '@simulator/index.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { downloadMediaMessage, type AnyMessageContent } from '../../server/node_modules/@whiskeysockets/baileys/lib/index.js';
import { pairClient, trust, type BaileysClient } from '../support/baileys-client.js';
import { until } from '../support/until.js';
import { createHeldClock } from './held-clock.js';

const PHONE = '15553000001';
const clock = createHeldClock();
const simulator = createSimulator({ quickPairing: true, clock });
const { contacts } = simulator;
let client: BaileysClient;

beforeAll(async () => {
  await simulator.start();
  trust(simulator);
  client = await pairClient(simulator, PHONE);
});
afterEach(() => simulator.faults.clear());
afterAll(async () => {
  await client.end();
  await simulator.stop();
});

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const file = randomBytes(70_001);
/** A thumbnail of its own keeps Baileys from decoding random bytes. */
const jpegThumbnail = Buffer.from([0xff, 0xd8, 0xff, 0xd9]).toString('base64');

const contents: [string, string, AnyMessageContent, object][] = [
  ['an image', '15553100001', { image: file, caption: 'the sea', jpegThumbnail }, { type: 'image', caption: 'the sea', mimetype: 'image/jpeg' }],
  ['a video', '15553100002', { video: file, caption: 'waves', jpegThumbnail }, { type: 'video', caption: 'waves' }],
  ['an audio', '15553100003', { audio: file, mimetype: 'audio/mp4' }, { type: 'audio', mimetype: 'audio/mp4' }],
  ['a document', '15553100004', { document: file, mimetype: 'application/pdf', fileName: 'map.pdf' }, { type: 'document', fileName: 'map.pdf', mimetype: 'application/pdf' }],
];

const receive = async (number: string, request: Parameters<typeof contacts.write>[1]) => {
  const { messageId } = await contacts.write(number, request);
  await until('it arrives', () => client.upserts.some(({ message }) => message.key.id === messageId));
  const message = client.upserts.find(upsert => upsert.message.key.id === messageId)?.message;
  if (!message) throw new Error('it did not arrive');
  return message;
};
const download = (message: Parameters<typeof downloadMediaMessage>[0]) =>
  downloadMediaMessage(message, 'buffer', { options: client.requestOptions });

describe('media', () => {
  it.each(contents)('%s of a client arrives with the same bytes', async (_what, number, content, view) => {
    await client.sock.sendMessage(`${number}@s.whatsapp.net`, content);
    await until('it arrives', () => contacts.received(number).length > 0);
    expect(contacts.received(number)).toMatchObject([{ ...view, sha256: sha256(file), size: file.length }]);
  });

  it.each(['image', 'video', 'audio', 'document', 'sticker'] as const)('%s of a contact arrives with the same bytes', async kind => {
    const message = await receive('15553200001', { to: PHONE, [kind]: { base64: file.toString('base64'), caption: 'look', fileName: 'x.bin' } });
    expect(sha256(await download(message))).toBe(sha256(file));
  });

  it('waits while slow-media is set', async () => {
    const message = await receive('15553200002', { to: PHONE, image: { base64: file.toString('base64') } });
    simulator.faults.add({ kind: 'slow-media', ms: 300, phone: PHONE, count: 1 });
    const downloads = simulator.stats().mediaDownloads;
    const slow = download(message);
    await until('the download waits', () => clock.waiting.includes(300));
    expect(simulator.stats().mediaDownloads).toBe(downloads);
    clock.fire(300);
    expect(sha256(await slow)).toBe(sha256(file));
    expect(simulator.faults.list()).toEqual([]);
  });

  it('fails in both directions while media-down is set, for that phone', async () => {
    const message = await receive('15553200003', { to: PHONE, image: { base64: file.toString('base64') } });
    simulator.faults.add({ kind: 'media-down', phone: PHONE });
    await expect(download(message)).rejects.toThrow();
    await expect(client.sock.sendMessage('15553100009@s.whatsapp.net', { audio: file, mimetype: 'audio/mp4' })).rejects.toThrow(/upload failed/);
    simulator.faults.clear();
    simulator.faults.add({ kind: 'media-down', phone: '15553999999' });
    expect(sha256(await download(message))).toBe(sha256(file));
  });

  it('takes uploads with a token only', async () => {
    const { Agent, fetch } = await import('../../server/node_modules/undici/index.js');
    const dispatcher = new Agent({ connect: { ca: simulator.trust.mediaCa } });
    const message = await receive('15553200004', { to: PHONE, image: { base64: file.toString('base64') } });
    const host = new URL(message.message?.imageMessage?.url ?? '').host;
    const answer = await fetch(`https://${host}/mms/image/x?auth=guess`, { method: 'POST', body: 'x', dispatcher });
    expect(answer.status).toBe(401);
    await dispatcher.close();
  });
});
