import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSimulator, silenceLibsignal, type Simulator } from '@simulator/index.js';
import { api, type Api } from '../support/api.js';
import { freePort, startProcess, untilUp, type TestProcess } from '../support/processes.js';
import { until } from '../support/until.js';

const PHONE = '15550001111';
const CONTACT = '15550002222';
const KEY = 'key-of-the-kill-test';

describe('a gateway process that is killed', { timeout: 120_000 }, () => {
  let simulator: Simulator;
  let dataDir: string;
  let port: number;
  let gateway: TestProcess;
  let rest: Api;

  const start = async () => {
    gateway = startProcess('src/main.js', {
      PORT: String(port), DATA_DIR: dataDir, CHASQUI_API_KEY: KEY, WHATSAPP_NETWORK: 'sandbox', SIMULATOR_URL: simulator.controlUrl,
    });
    await untilUp(`http://127.0.0.1:${port}/ready`, gateway);
  };

  beforeAll(async () => {
    silenceLibsignal();
    simulator = createSimulator();
    await simulator.start();
    dataDir = await mkdtemp(join(tmpdir(), 'chasqui-kill-'));
    port = await freePort();
    rest = api(`http://127.0.0.1:${port}`, KEY);
    await start();
    await rest.post('/instances', { instanceId: 'demo' }, 201);
    const { qr } = await rest.post('/instances/demo/connect', undefined, 200) as { qr: string };
    simulator.phones.add(PHONE);
    await simulator.phones.scan(PHONE, qr);
    await rest.untilStatus('demo', 'CONNECTED');
  });
  afterAll(async () => {
    await gateway?.end('SIGKILL');
    await simulator?.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  it('is connected again by itself, and talks in both directions without a broken message', async () => {
    for (let round = 0; round < 3; round += 1) {
      const sends = Array.from({ length: 5 }, (_, index) => rest.post('/instances/demo/messages/text', { to: CONTACT, text: `${round}/${index}` }, 201).catch(() => null));
      await Promise.race(sends);
      await gateway.end('SIGKILL');
      await Promise.all(sends);
      await start();
      await rest.untilStatus('demo', 'CONNECTED', 30_000);

      const { messageId } = await rest.post('/instances/demo/messages/text', { to: CONTACT, text: `after kill ${round}` }, 201) as { messageId: string };
      await until('the contact reads it', () => simulator.contacts.received(CONTACT).some(message => message.messageId === messageId && message.text === `after kill ${round}`));
      const written = await simulator.contacts.write(CONTACT, { to: PHONE, text: `answer ${round}` });
      await until('the answer arrives', async () => (await rest.raw(`/instances/demo/messages/${written.messageId}`)).status === 200);
    }
    expect(simulator.log({ event: 'paired' })).toHaveLength(1);

    // Whatever was under way at a kill has found its end, the contact could read all of it, and no receipt is lost.
    const { messages } = await rest.get('/instances/demo/messages?direction=out&limit=100') as { messages: { messageId: string }[] };
    for (const { messageId } of messages) {
      await until(`${messageId} has found its end`, async () => {
        const { status } = await rest.get(`/instances/demo/messages/${messageId}`) as { status: string };
        return status === 'delivered';
      }, 60_000);
    }
    await until('the contact has all of them', () => simulator.contacts.received(CONTACT).length === messages.length);
    expect(simulator.contacts.received(CONTACT).map(message => message.messageId).sort()).toEqual(messages.map(message => message.messageId).sort());
  });

  it('lets nobody else use its data directory', async () => {
    const second = startProcess('src/main.js', { PORT: '0', DATA_DIR: dataDir, CHASQUI_API_KEY: KEY, WHATSAPP_NETWORK: 'sandbox', SIMULATOR_URL: simulator.controlUrl });
    expect(await second.ended).toBe(1);
    expect(second.output()).toContain(String(gateway.pid));
  });

  it('ends in order on SIGTERM, also when it comes twice', async () => {
    const before = Date.now();
    process.kill(gateway.pid, 'SIGTERM');
    expect(await gateway.end('SIGTERM')).toBe(0);
    expect(Date.now() - before).toBeLessThan(10_000);
    await until('its socket is closed', () => simulator.stats().openSockets === 0);
    expect(gateway.output()).not.toMatch(/"level":(50|60)/);
  });
});
