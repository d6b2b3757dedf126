import { createSimulator, silenceLibsignal, type Simulator } from '@simulator/index.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { api, type Api } from '../support/api.js';
import { startPostgres, type TestPostgres } from '../support/postgres-server.js';
import { freePort, startProcess, untilUp, type TestProcess } from '../support/processes.js';
import { until } from '../support/until.js';

const KEY = 'key-of-the-one-node';
const ENCRYPTION_KEY = '3f'.repeat(32);
const PHONE = '15550150001';
const CONTACT = '16660150001';

let simulator: Simulator;
let postgres: TestPostgres;
let databaseUrl: string;
const running: TestProcess[] = [];
beforeAll(async () => {
  silenceLibsignal();
  simulator = createSimulator({ quickPairing: true });
  [postgres] = await Promise.all([startPostgres(), simulator.start()]);
  databaseUrl = await postgres.database();
});
afterAll(async () => {
  await Promise.all(running.map(gateway => gateway.end('SIGKILL')));
  await simulator?.stop();
  await postgres?.remove();
});

async function start(): Promise<{ gateway: TestProcess; rest: Api }> {
  const port = await freePort();
  const gateway = startProcess('src/main.js', {
    PORT: String(port), DATABASE_URL: databaseUrl, CHASQUI_API_KEY: KEY, CHASQUI_ENCRYPTION_KEY: ENCRYPTION_KEY, WHATSAPP_NETWORK: 'sandbox', SIMULATOR_URL: simulator.controlUrl, LEASE_SECONDS: '5',
  });
  running.push(gateway);
  await untilUp(`http://127.0.0.1:${port}/ready`, gateway);
  return { gateway, rest: api(`http://127.0.0.1:${port}`, KEY) };
}

test('one node on PostgreSQL alone, without Redis, keeps its session over a stop and a crash', { timeout: 120_000 }, async () => {
  const first = await start();
  await first.rest.post('/instances', { instanceId: 'demo', settings: { sendIntervalMs: 0 } }, 201);
  simulator.phones.add(PHONE);
  const { qr } = await first.rest.post('/instances/demo/connect', undefined, 200) as { qr: string };
  await simulator.phones.scan(PHONE, qr);
  await first.rest.untilStatus('demo', 'CONNECTED');
  await first.rest.post('/instances/demo/messages/text', { to: CONTACT, text: 'one' }, 201);
  await first.rest.post('/instances/demo/messages/text?async=true', { to: CONTACT, text: 'two' }, 202);
  await until('both were shown', () => simulator.contacts.received(CONTACT).length === 2);
  expect(await first.gateway.end('SIGTERM')).toBe(0);

  const second = await start();
  await second.rest.untilStatus('demo', 'CONNECTED', 10_000);
  await second.rest.post('/instances/demo/messages/text', { to: CONTACT, text: 'three' }, 201);
  await second.gateway.end('SIGKILL');

  // Nobody knows yet that the one before is gone: for the rest of its lease it is the owner, and nothing is sent.
  const third = await start();
  const statuses = new Set<number>();
  await until('it is sent', async () => {
    const { status } = await third.rest.raw('/instances/demo/messages/text', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ to: CONTACT, text: 'four' }) });
    statuses.add(status);
    return status === 201;
  }, 20_000);
  expect([...statuses].filter(status => ![201, 409, 503].includes(status))).toEqual([]);
  expect(simulator.contacts.received(CONTACT).map(({ text, times }) => [text, times])).toEqual([['one', 1], ['two', 1], ['three', 1], ['four', 1]]);
  expect(simulator.stats().pairings).toBe(1);

  const fourth = await start();
  const refused = await fourth.rest.raw('/instances/demo/restart', { method: 'POST' });
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({ code: 'owner_unreachable', hint: expect.stringMatching(/REDIS_URL/) as string });
});

test('sessions of the sandbox are not opened on the live network', async () => {
  const port = await freePort();
  const gateway = startProcess('src/main.js', { PORT: String(port), DATABASE_URL: databaseUrl, CHASQUI_API_KEY: KEY, CHASQUI_ENCRYPTION_KEY: ENCRYPTION_KEY });
  running.push(gateway);
  expect(await gateway.ended).toBe(1);
  expect(gateway.output()).toMatch(/holds sessions of the sandbox network/);
});

test('a database that cannot be reached is a sentence, and says nothing of the password', { timeout: 60_000 }, async () => {
  const gateway = startProcess('src/main.js', { PORT: '0', DATABASE_URL: `postgres://somebody:secret-word@127.0.0.1:${await freePort()}/none`, CHASQUI_API_KEY: KEY, CHASQUI_ENCRYPTION_KEY: ENCRYPTION_KEY });
  running.push(gateway);
  expect(await gateway.ended).toBe(1);
  expect(gateway.output()).toMatch(/^chasqui could not start: /m);
  expect(gateway.output()).not.toMatch(/secret-word|^ +at /m);
});
