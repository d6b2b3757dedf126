import { createSimulator, silenceLibsignal, type Simulator } from '@simulator/index.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { api } from '../support/api.js';
import { readSamples } from '../support/metrics.js';
import { startPostgres, type TestPostgres } from '../support/postgres-server.js';
import { freePort, startProcess, untilUp, type TestProcess } from '../support/processes.js';
import { until } from '../support/until.js';

const KEY = 'key-of-the-one-node';

let simulator: Simulator;
let postgres: TestPostgres;
let gateway: TestProcess;
let url: string;
beforeAll(async () => {
  silenceLibsignal();
  simulator = createSimulator({ quickPairing: true });
  [postgres] = await Promise.all([startPostgres(), simulator.start()]);
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  gateway = startProcess('src/main.js', {
    PORT: String(port), DATABASE_URL: await postgres.database(), CHASQUI_API_KEY: KEY, CHASQUI_ENCRYPTION_KEY: '3f'.repeat(32), WHATSAPP_NETWORK: 'sandbox', SIMULATOR_URL: simulator.controlUrl,
  });
  await untilUp(`${url}/ready`, gateway);
});
afterAll(async () => {
  await gateway?.end('SIGKILL');
  await simulator?.stop();
  await postgres?.remove();
});

test('keys that are stored read metrics and health also while PostgreSQL is away: how else would anybody learn of it', { timeout: 120_000 }, async () => {
  const make = async (scope: string) => (await api(url, KEY).post('/keys', { name: scope, scopes: [scope] }, 201) as { key: string }).key;
  const [prometheus, operator] = [await make('instances:read'), await make('admin')];
  const ask = (path: string, key: string) => fetch(`${url}${path}`, { headers: { 'x-api-key': key } });
  const storeOf = async () => (await (await ask('/health', operator)).json() as { parts?: { store: { status: string } } }).parts?.store.status;
  expect((await ask('/metrics', prometheus)).status).toBe(200);
  expect(await storeOf()).toBe('ok');

  await postgres.stop();
  // Nothing that was looked up before is trusted any more.
  await until('keys cannot be looked up', async () => (await ask('/instances', prometheus)).status === 503);
  await until('the metrics tell of it', async () => {
    const answer = await ask('/metrics', prometheus);
    return answer.status === 200 && readSamples(await answer.text()).get('chasqui_store_up') === 0;
  });
  expect(await storeOf()).toBe('down');
  // One that nobody has seen to be good is not believed.
  expect((await ask('/metrics', 'chq_unknown')).status).toBe(503);
  expect((await ask('/instances', prometheus)).status).toBe(503);
});
