import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSimulator, silenceLibsignal, type Simulator } from '@simulator/index.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { api, type Api } from '../support/api.js';
import { freePort, startProcess, untilUp, type TestProcess } from '../support/processes.js';
import { until } from '../support/until.js';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.js';

const PHONE = '15550001111';
const [ANNA, BEN, CLARA] = ['15550002222', '15550003333', '15550004444'] as const;
const MEMBERS = [ANNA, BEN, CLARA];
const KEY = 'key-of-the-groups-test';
const SECRET = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;

interface Received { messageId: string; text?: string; chat: { id: string }; sender: { phone?: string } }

describe('groups, through a gateway process', { timeout: 120_000 }, () => {
  let simulator: Simulator;
  let receiver: WebhookReceiver;
  let dataDir: string;
  let port: number;
  let gateway: TestProcess;
  let rest: Api;

  const start = async (env: Record<string, string> = {}) => {
    gateway = startProcess('src/main.js', {
      PORT: String(port), DATA_DIR: dataDir, CHASQUI_API_KEY: KEY, WHATSAPP_NETWORK: 'sandbox', SIMULATOR_URL: simulator.controlUrl, ...env,
      NODE_OPTIONS: `--import=${new URL('../support/kill-at-commit.mjs', import.meta.url).href}`,
    });
    await untilUp(`http://127.0.0.1:${port}/ready`, gateway);
  };
  const startAgain = async (env: Record<string, string> = {}) => {
    await gateway.end('SIGKILL');
    await start(env);
    await rest.untilStatus('demo', 'CONNECTED', 30_000);
  };
  const newGroup = () => simulator.groups.create({ subject: 'Chasquis', members: [PHONE, ...MEMBERS] }).jid;
  const events = () => receiver.requests.map(({ id, body }) => ({ id, ...JSON.parse(body) as { type: string; data: Received & Record<string, unknown> } }));
  const receivedIn = (jid: string) => events().filter(({ type, data }) => type === 'message.received' && data.chat.id === jid);
  const textsIn = (jid: string) => receivedIn(jid).map(({ data }) => data.text);
  const pending = () => simulator.phones.get(PHONE).devices[0]?.pending.messages;
  const settled = async (jid: string, count: number) => {
    await until(`${count} are reported`, () => receivedIn(jid).length >= count, 30_000).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${JSON.stringify(textsIn(jid))}; pending: ${pending()}\n${gateway.output()}`);
    });
    await until('WhatsApp knows of all', () => pending() === 0);
  };
  /** What each of the members got, by all of them alike. */
  const shownTo = async (jid: string, count: number) => {
    await until('every member has it', () => MEMBERS.every(member => simulator.groups.received(jid, member).filter(({ from }) => from === PHONE).length >= count));
    return MEMBERS.map(member => simulator.groups.received(jid, member).filter(({ from }) => from === PHONE));
  };

  beforeAll(async () => {
    silenceLibsignal();
    simulator = createSimulator({ quickPairing: true });
    await simulator.start();
    receiver = await startWebhookReceiver(SECRET);
    dataDir = await mkdtemp(join(tmpdir(), 'chasqui-groups-'));
    port = await freePort();
    rest = api(`http://127.0.0.1:${port}`, KEY);
    await start();
    await rest.post('/instances', { instanceId: 'demo', settings: { sendIntervalMs: 0 } }, 201);
    await rest.post('/instances/demo/webhooks', { url: receiver.url, secret: SECRET, events: ['message.received', 'message.ack'] }, 201);
    const { qr } = await rest.post('/instances/demo/connect', undefined, 200) as { qr: string };
    simulator.phones.add(PHONE);
    await simulator.phones.scan(PHONE, qr);
    await rest.untilStatus('demo', 'CONNECTED');
  });
  afterAll(async () => {
    await gateway?.end('SIGKILL');
    await receiver?.close();
    await simulator?.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  it('reports what members write, in order, with their numbers and LIDs, and the group to reply to', async () => {
    const jid = newGroup();
    const texts = ['one', 'two', 'three', 'four', 'five', 'six'];
    for (const [index, text] of texts.entries()) await simulator.groups.write(jid, { from: index % 2 ? BEN : ANNA, text });
    await settled(jid, texts.length);
    expect(textsIn(jid)).toEqual(texts);
    for (const [index, { data }] of receivedIn(jid).entries()) {
      const phone = index % 2 ? BEN : ANNA;
      const { lid } = simulator.contacts.get(phone);
      expect(data).toMatchObject({ isGroup: true, messageType: 'text', chat: { id: jid, type: 'group' }, sender: { id: lid, phone, lid }, replyTo: jid });
    }
    expect(receiver.requests.every(({ verified }) => verified)).toBe(true);
  });

  it('reports an image, whose bytes can be fetched', async () => {
    const jid = newGroup();
    const image = randomBytes(20_000);
    const { messageId } = await simulator.groups.write(jid, { from: BEN, image: { base64: image.toString('base64'), caption: 'look' } });
    await settled(jid, 1);
    const [event] = receivedIn(jid);
    expect(event?.data).toMatchObject({ messageId, messageType: 'image', caption: 'look', isGroup: true, sender: { phone: BEN } });
    const { url } = event?.data['media'] as { url: string };
    const bytes = Buffer.from(await (await rest.raw(url)).arrayBuffer());
    expect(bytes.equals(image)).toBe(true);
  });

  it('answers with a text and an image, which every member is shown once', async () => {
    const jid = newGroup();
    await simulator.groups.write(jid, { from: ANNA, text: 'anyone?' });
    await settled(jid, 1);
    const to = receivedIn(jid)[0]?.data['replyTo'];
    const image = randomBytes(20_000);
    const text = await rest.post('/instances/demo/messages/text', { to, text: 'yes' }, 201) as { messageId: string; to: string };
    const picture = await rest.post('/instances/demo/messages/image', { to, base64: image.toString('base64'), mimetype: 'image/jpeg', caption: 'this one' }, 201) as { messageId: string };
    expect(text.to).toBe(jid);
    for (const shown of await shownTo(jid, 2)) {
      expect(shown).toMatchObject([
        { messageId: text.messageId, type: 'text', text: 'yes', times: 1 },
        { messageId: picture.messageId, type: 'image', caption: 'this one', sha256: createHash('sha256').update(image).digest('hex'), times: 1 },
      ]);
    }
    const acksOf = (messageId: string) => events().filter(({ type, data }) => type === 'message.ack' && data.messageId === messageId).map(({ data }) => data['status']);
    await until('both are delivered', () => [text, picture].every(({ messageId }) => acksOf(messageId).includes('delivered')));
    simulator.contacts.sendReceipt(CLARA, text.messageId, 'read');
    await until('one has read it', () => acksOf(text.messageId).includes('read'));
    expect(acksOf(text.messageId)).toEqual(['sent', 'delivered', 'read']);
    expect(acksOf(picture.messageId)).toEqual(['sent', 'delivered']);
  });

  it('reads what was overtaken without asking for it again, and what comes twice once', async () => {
    const jid = newGroup();
    await simulator.groups.write(jid, { from: ANNA, text: 'one' });
    await settled(jid, 1);
    simulator.faults.add({ kind: 'reorder', phone: PHONE, count: 1 });
    const { messageId } = await simulator.groups.write(jid, { from: ANNA, text: 'two' });
    await simulator.groups.write(jid, { from: ANNA, text: 'three' });
    await settled(jid, 3);
    simulator.faults.add({ kind: 'redeliver', phone: PHONE, count: 2 });
    await simulator.groups.write(jid, { from: ANNA, text: 'four' });
    await simulator.groups.write(jid, { from: BEN, text: 'five' });
    await simulator.groups.write(jid, { from: BEN, text: 'six' });
    await settled(jid, 6);
    expect(textsIn(jid)).toEqual(['one', 'three', 'two', 'four', 'five', 'six']);
    expect(simulator.contacts.sent(ANNA).find(sent => sent.messageId === messageId)?.receipts.filter(({ type }) => type === 'retry')).toEqual([]);
  });

  it('reports once what could not be decrypted at first', async () => {
    const jid = newGroup();
    simulator.faults.add({ kind: 'undecryptable', phone: PHONE, count: 1 });
    await simulator.groups.write(jid, { from: ANNA, text: 'one' });
    await settled(jid, 1);
    await simulator.groups.write(jid, { from: ANNA, text: 'two' });
    await settled(jid, 2);
    expect(textsIn(jid)).toEqual(['one', 'two']);
  });

  it('keeps apart what two members write under the same id', async () => {
    const jid = newGroup();
    await simulator.groups.write(jid, { from: ANNA, text: 'of Anna', messageId: 'SAME-ID' });
    await simulator.groups.write(jid, { from: BEN, text: 'of Ben', messageId: 'SAME-ID' });
    await simulator.groups.write(jid, { from: BEN, text: 'the end' });
    await until('the last one', () => textsIn(jid).includes('the end'));
    expect(textsIn(jid)).toEqual(['of Anna', 'of Ben', 'the end']);
    expect(new Set(receivedIn(jid).map(({ id }) => id)).size).toBe(3);
  });

  it.each([
    ['it is decrypted', { KILL_AT: 'after', KILL_SQL: 'INSERT INTO JournalEntry', KILL_MARK: 'ARMED1' }],
    ['WhatsApp believes it delivered', { KILL_AT: 'before', KILL_SQL: 'INSERT INTO Message', KILL_MARK: 'ARMED2' }],
    ['it is stored', { KILL_AT: 'after', KILL_SQL: 'INSERT INTO Message', KILL_MARK: 'ARMED3' }],
  ] as const)('killed when %s, reports each message once, in order, whoever wrote it', async (_, moment) => {
    const jid = newGroup();
    await startAgain(moment);
    await simulator.groups.write(jid, { from: BEN, text: 'before' });
    await settled(jid, 1);
    // The first of Anna's in this group: it brings her sender key, which may be what dies.
    await simulator.groups.write(jid, { from: ANNA, text: 'you will die', messageId: `${moment.KILL_MARK}-A` });
    expect(await gateway.ended).toBeNull();
    for (const [from, text] of [[ANNA, 'away one'], [BEN, 'away two'], [ANNA, 'away three']] as const) await simulator.groups.write(jid, { from, text });
    await startAgain();
    await simulator.groups.write(jid, { from: ANNA, text: 'after' });
    await settled(jid, 6);
    expect(textsIn(jid)).toEqual(['before', 'you will die', 'away one', 'away two', 'away three', 'after']);
    expect(gateway.output()).not.toMatch(/"level":(40|50|60)/);
  });

  it('killed while it sends, shows every member each message once', async () => {
    const jid = newGroup();
    const accepted: string[] = [];
    const queue = async (text: string) => {
      const { messageId } = await rest.post('/instances/demo/messages/text?async=true', { to: jid, text }, 202) as { messageId: string };
      accepted.push(messageId);
    };
    for (let count = 0; count < 10; count++) await queue(`first ${count}`);
    await until('some are there', () => simulator.groups.received(jid, ANNA).length >= 3);
    await startAgain();
    for (let count = 0; count < 10; count++) await queue(`second ${count}`);
    await until('the middle one is there', () => simulator.groups.received(jid, BEN).length >= 12, 30_000);
    await startAgain();
    for (const shown of await shownTo(jid, accepted.length)) {
      expect(shown.map(({ messageId }) => messageId)).toEqual(accepted);
      // Shown once; the same ciphertext may have come twice.
      expect(new Set(shown.map(({ text }) => text)).size).toBe(20);
    }
  });
});
