import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedStore } from '@gateway/adapters/sqlite/open-embedded-store.js';
import { createSimulator, silenceLibsignal, type Simulator } from '@simulator/index.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { api, type Api } from '../support/api.js';
import { freePort, startProcess, untilUp, type TestProcess } from '../support/processes.js';
import { until } from '../support/until.js';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.js';

const PHONE = '15550001111';
const CONTACT = '15550002222';
const KEY = 'key-of-the-kill-test';
const SECRET = `whsec_${Buffer.alloc(32, 6).toString('base64')}`;

/** The moments of a message's way in, by what is written to the store then. */
const MOMENTS = {
  'it is decrypted, and nobody in the process knows yet': { KILL_AT: 'after', KILL_SQL: 'INSERT INTO JournalEntry', KILL_MARK: 'ARMED1', pending: 1 },
  'WhatsApp believes it delivered, and it is not stored': { KILL_AT: 'before', KILL_SQL: 'INSERT INTO Message', KILL_MARK: 'ARMED2', pending: 0 },
  'it is stored, and nobody in the process knows yet': { KILL_AT: 'after', KILL_SQL: 'INSERT INTO Message', KILL_MARK: 'ARMED3', pending: 0 },
} as const;

describe('a gateway process that is killed while it receives', { timeout: 120_000 }, () => {
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
  const pending = () => simulator.phones.get(PHONE).devices[0]?.pending.messages;

  beforeAll(async () => {
    silenceLibsignal();
    simulator = createSimulator({ quickPairing: true });
    await simulator.start();
    receiver = await startWebhookReceiver(SECRET);
    dataDir = await mkdtemp(join(tmpdir(), 'chasqui-kill-'));
    port = await freePort();
    rest = api(`http://127.0.0.1:${port}`, KEY);
    await start();
    await rest.post('/instances', { instanceId: 'demo' }, 201);
    await rest.post('/instances/demo/webhooks', { url: receiver.url, secret: SECRET, events: ['message.received'] }, 201);
    const { qr } = await rest.post('/instances/demo/connect', undefined, 200) as { qr: string };
    simulator.phones.add(PHONE);
    await simulator.phones.scan(PHONE, qr);
    await rest.untilStatus('demo', 'CONNECTED');
    await gateway.end('SIGKILL');
  });
  afterAll(async () => {
    await gateway?.end('SIGKILL');
    await receiver?.close();
    await simulator?.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  it.each(Object.entries(MOMENTS))('when %s, reports the message once', async (_, { pending: waiting, ...moment }) => {
    await gateway.end('SIGKILL');
    await start(moment);
    await rest.untilStatus('demo', 'CONNECTED', 30_000);
    await simulator.contacts.write(CONTACT, { to: PHONE, text: 'you will die', messageId: `${moment.KILL_MARK}-A` });
    expect(await gateway.ended).toBeNull();
    expect(pending()).toBe(waiting);

    await start();
    await simulator.contacts.write(CONTACT, { to: PHONE, text: 'you live', messageId: `${moment.KILL_MARK}-B` });
    const seen = () => receiver.requests
      .map(({ id, body }) => ({ id, messageId: (JSON.parse(body) as { data: { messageId: string } }).data.messageId }))
      .filter(({ messageId }) => messageId.startsWith(moment.KILL_MARK));
    await until('the next one is reported', () => seen().some(({ messageId }) => messageId.endsWith('B')), 30_000).catch((error: unknown) => {
      throw new Error(`${String(error)}; pending: ${pending()}\n${gateway.output()}`);
    });
    expect(seen().map(({ messageId }) => messageId.slice(-1))).toEqual(['A', 'B']);
    await until('WhatsApp knows of both', () => pending() === 0);
    expect(gateway.output()).not.toMatch(/"level":(40|50|60)/);
    await gateway.end('SIGKILL');
  });

  it('reports at the next start what an instance received that does not connect any more', async () => {
    await start({ KILL_AT: 'before', KILL_SQL: 'INSERT INTO Message', KILL_MARK: 'LAST' });
    await rest.untilStatus('demo', 'CONNECTED', 30_000);
    await simulator.contacts.write(CONTACT, { to: PHONE, text: 'the last one', messageId: 'LAST' });
    await gateway.ended;
    const store = await openEmbeddedStore({ dataDir, onFatal: error => { throw error; } });
    await store.instances.update('demo', { active: false, status: 'DISCONNECTED', reason: 'disconnected_by_user' }, Date.now());
    await store.close();

    await start();
    await until('it is reported', () => receiver.requests.some(({ body }) => body.includes('"LAST"')), 30_000);
    expect(await rest.get('/instances/demo/status')).toMatchObject({ status: 'DISCONNECTED' });
    expect(simulator.stats().openSockets).toBe(0);
  });
});
