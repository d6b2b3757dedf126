import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type Cluster, type TestNode } from '../../support/cluster/cluster.js';
import { readLeaseHistory, recordLeases } from '../../support/cluster/lease-history.js';
import { placeOf, untilSpread } from '../../support/cluster/places.js';
import { until } from '../../support/until.js';

const LEASE_MS = 5_000;
const phones = new Map(Array.from({ length: 12 }, (_, index) => [`shop-${index}`, String(15550300000 + index)]));

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster({ env: { LEASE_SECONDS: String(LEASE_MS / 1_000) } });
  await recordLeases(cluster);
  await Promise.all([...phones].map(([instanceId, phone]) => cluster.pair(instanceId, phone)));
  await untilSpread(cluster, [...phones.keys()]);
}, 120_000);
afterAll(() => cluster?.stop());

interface Shown { instanceId: string; status: string; reason: string; statusAt: string }

/** What each node says at the same time, by itself and in the list. */
async function shownBy(nodes: TestNode[], instanceId: string): Promise<string[]> {
  const answers = await Promise.all(nodes.flatMap(({ api }) => [
    api.get(`/instances/${instanceId}/status`) as Promise<Shown>,
    api.get(`/instances/${instanceId}`) as Promise<Shown>,
    (api.get('/instances') as Promise<{ instances: Shown[] }>).then(({ instances }) => instances.find(instance => instance.instanceId === instanceId)),
  ]));
  return [...new Set(answers.map(answer => `${answer?.status} ${answer?.reason}`))];
}

test('what one node has just done shows on all of them', { timeout: 60_000 }, async () => {
  const verb = (name: string, instanceId: string) => cluster.next().api.post(`/instances/${instanceId}/${name}`, undefined, 200) as Promise<Shown>;
  for (const instanceId of [...phones.keys()].slice(0, 6)) {
    for (let round = 0; round < 4; round += 1) {
      const gone = await verb('disconnect', instanceId);
      expect(await shownBy(cluster.nodes, instanceId)).toEqual([`${gone.status} ${gone.reason}`]);
      expect(gone).toMatchObject({ status: 'DISCONNECTED', reason: 'disconnected_by_user' });
      const back = await verb('connect', instanceId);
      expect(await shownBy(cluster.nodes, instanceId)).toEqual([`${back.status} ${back.reason}`]);
      expect(back.status).toBe('CONNECTED');
    }
  }
  await verb('logout', 'shop-0');
  expect(await shownBy(cluster.nodes, 'shop-0')).toEqual(['LOGGED_OUT logged_out']);
  for (const name of ['connect', 'restart']) {
    const waiting = await verb(name, 'shop-0');
    expect(waiting.status).toBe('QR_READY');
    expect(await shownBy(cluster.nodes, 'shop-0')).toEqual(['QR_READY waiting_for_scan']);
  }
  await verb('disconnect', 'shop-0');
});

test('a state says how old it is, and that of a connection never grows old', { timeout: 30_000 }, async () => {
  const seen = new Set<string>();
  const started = Date.now();
  await until('it was confirmed three times', async () => {
    for (const { api } of cluster.nodes) {
      const { status, statusAt } = await api.get('/instances/shop-7/status') as Shown;
      expect(status).toBe('CONNECTED');
      expect(Date.now() - Date.parse(statusAt)).toBeLessThan(LEASE_MS);
      seen.add(statusAt);
    }
    return seen.size >= 3 && Date.now() - started > LEASE_MS;
  }, 20_000);
});

test('what a killed node said last is not believed longer than its lease lasts, until another has connected', { timeout: 90_000 }, async () => {
  for (let round = 0; round < 3; round += 1) {
    await untilSpread(cluster, [...phones.keys()].slice(1));
    const { owner: lost, others } = await placeOf(cluster, `shop-${round + 1}`);
    const nodeId = lost.ids().at(-1) ?? '';
    const owned = [...await cluster.owners()].filter(([instanceId, { node }]) => node === nodeId && instanceId !== 'shop-0').map(([instanceId]) => instanceId);
    expect(owned.length).toBeGreaterThan(2);
    await lost.end('SIGKILL');
    const killed = Date.now();

    const answers: { asked: number; answered: number; shown: Map<string, string> }[] = [];
    const again = new Set<string>();
    let turn = 0;
    await until('all of them are CONNECTED elsewhere', async () => {
      const asked = Date.now();
      const { instances } = await (others[turn++ % others.length] ?? lost).api.get('/instances') as { instances: Shown[] };
      answers.push({ asked, answered: Date.now(), shown: new Map(instances.map(({ instanceId, status }) => [instanceId, status])) });
      for (const { phone = '', at } of cluster.simulator.log({ event: 'login' })) if (Date.parse(at) > killed) again.add(phone);
      return owned.every(instanceId => again.has(phones.get(instanceId) ?? '') && answers.at(-1)?.shown.get(instanceId) === 'CONNECTED');
    }, 30_000);

    const history = await readLeaseHistory(cluster);
    const untrue = owned.flatMap(instanceId => {
      const over = history.filter(state => state.instanceId === instanceId && state.owner === nodeId).at(-1)?.expiresAt ?? Infinity;
      const phone = phones.get(instanceId) ?? '';
      const login = Math.min(...cluster.simulator.log({ event: 'login', phone }).map(({ at }) => Date.parse(at)).filter(at => at > killed));
      const wrong = answers.filter(({ asked, answered, shown }) => asked > over && answered < login && shown.get(instanceId) === 'CONNECTED');
      return wrong.length === 0 ? [] : [`${instanceId}: ${wrong.length} times, up to ${(wrong.at(-1)?.asked ?? 0) - over} ms after its lease; the next login was ${login - over} ms after it`];
    });
    expect(untrue).toEqual([]);
    // As long as it lasted, nothing else was known.
    expect(answers.length).toBeGreaterThan(20);
    await lost.start();
  }
});
