import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSimulator, silenceLibsignal, type Simulator } from '@simulator/index.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { api } from '../../support/api.js';
import { CLUSTER_KEY, startCluster, type Cluster } from '../../support/cluster/cluster.js';
import { freePort, startProcess, untilUp } from '../../support/processes.js';
import { until } from '../../support/until.js';
import { startWebhookReceiver, type WebhookReceiver } from '../../support/webhook-receiver.js';

const PHONE = '15550140001';
const CONTACT = '16660140001';
const SECRET = `whsec_${Buffer.alloc(32, 6).toString('base64')}`;

let simulator: Simulator;
let receiver: WebhookReceiver;
let dataDir: string;
let cluster: Cluster | undefined;
beforeAll(async () => {
  silenceLibsignal();
  simulator = createSimulator({ quickPairing: true });
  await simulator.start();
  receiver = await startWebhookReceiver(SECRET);
  dataDir = await mkdtemp(join(tmpdir(), 'chasqui-move-'));
});
afterAll(async () => {
  await cluster?.stop();
  await receiver?.close();
  await simulator?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

/** One gateway on the data directory, as somebody has it before there is a cluster. */
async function startEmbedded() {
  const port = await freePort();
  const gateway = startProcess('src/main.js', {
    PORT: String(port), DATA_DIR: dataDir, CHASQUI_API_KEY: CLUSTER_KEY, WHATSAPP_NETWORK: 'sandbox', SIMULATOR_URL: simulator.controlUrl, LOG_LEVEL: 'info',
  });
  return { gateway, url: `http://127.0.0.1:${port}`, rest: api(`http://127.0.0.1:${port}`, CLUSTER_KEY) };
}

const move = (databaseUrl: string) => startProcess('src/cli.js', {}, ['migrate', '--from', dataDir, '--to', databaseUrl]);

test('an installation with a paired instance moves into a cluster and is connected there without a QR', { timeout: 120_000 }, async () => {
  const { gateway, url, rest } = await startEmbedded();
  await untilUp(`${url}/ready`, gateway);
  await rest.post('/instances', { instanceId: 'demo', name: 'My shop', settings: { sendIntervalMs: 10 } }, 201);
  simulator.phones.add(PHONE);
  const { qr } = await rest.post('/instances/demo/connect', undefined, 200) as { qr: string };
  await simulator.phones.scan(PHONE, qr);
  await rest.untilStatus('demo', 'CONNECTED');
  await rest.post('/instances/demo/webhooks', { url: receiver.url, secret: SECRET, events: ['message.received', 'message.ack'] }, 201);
  const { messageId: sent } = await rest.post('/instances/demo/messages/text', { to: CONTACT, text: 'From the old home' }, 201) as { messageId: string };
  const { messageId: heard } = await simulator.contacts.write(CONTACT, { to: PHONE, text: 'I hear you' });
  await until('it is reported', () => receiver.requests.some(({ body }) => body.includes(heard)));
  const later = new Date(Date.now() + 3_600_000).toISOString();
  const { messageId: scheduled } = await rest.post('/instances/demo/messages/text?async=true', { to: CONTACT, text: 'In an hour', scheduledAt: later }, 202) as { messageId: string };

  cluster = await startCluster({
    simulator,
    env: { CHASQUI_ENCRYPTION_KEY: readFileSync(join(dataDir, 'encryption.key'), 'utf8').trim() },
    async prepare(databaseUrl) {
      const tooEarly = move(databaseUrl);
      expect(await tooEarly.ended).toBe(1);
      expect(tooEarly.output()).toMatch(/in use by the process/);
      expect(await gateway.end('SIGTERM')).toBe(0);
      // What comes meanwhile waits at WhatsApp.
      await simulator.contacts.write(CONTACT, { to: PHONE, text: 'Where are you?' });

      const moving = move(databaseUrl);
      expect(await moving.ended, moving.output()).toBe(0);
      const again = move(databaseUrl);
      expect(await again.ended).toBe(1);
    },
  });
  await cluster.next().api.untilStatus('demo', 'CONNECTED', 20_000);
  expect(simulator.stats().pairings).toBe(1);
  for (const node of cluster.nodes) {
    expect(await node.api.get('/instances/demo')).toMatchObject({ name: 'My shop', phoneNumber: PHONE, settings: { sendIntervalMs: 10 } });
    expect(await node.api.get(`/instances/demo/messages/${sent}`)).toMatchObject({ status: 'delivered' });
    expect(await node.api.get(`/instances/demo/messages/${scheduled}`)).toMatchObject({ status: 'queued' });
  }
  await cluster.next().api.post('/instances/demo/messages/text', { to: CONTACT, text: 'From the new home' }, 201);
  await until('what came meanwhile is reported', () => receiver.requests.some(({ body }) => body.includes('Where are you?')));
  expect(simulator.contacts.received(CONTACT).map(({ text, times }) => ({ text, times }))).toEqual([{ text: 'From the old home', times: 1 }, { text: 'From the new home', times: 1 }]);
  expect(simulator.stats().decryptFailures).toBe(0);

  const { gateway: ghost } = await startEmbedded();
  expect(await ghost.ended).toBe(1);
  expect(ghost.output()).toMatch(/moved/);
});
