import type { Simulator } from '@simulator/index.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type Cluster, type TestNode } from '../../support/cluster/cluster.js';
import { until } from '../../support/until.js';

const BROWSER = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

let cluster: Cluster;
let simulator: Simulator;
/** That of the instance `kept`, which has nothing done to it. */
let firstCode: string | undefined;
beforeAll(async () => {
  cluster = await startCluster();
  ({ simulator } = cluster);
  await make('kept');
  await cluster.next().api.post('/instances/kept/connect', undefined, 200);
  ({ code: firstCode } = await page(cluster.next(), await linkFrom(cluster.next(), 'kept')));
  expect(firstCode).toBeDefined();
}, 90_000);
afterAll(() => cluster?.stop());

const make = (instanceId: string) => cluster.next().api.post('/instances', { instanceId }, 201);

/** The page that a link leads to, on another node than the one that made it, without a key. */
async function page(node: TestNode, link: URL): Promise<{ status: number; state: string | undefined; code: string | undefined; secondsLeft: number }> {
  const response = await fetch(node.url + link.pathname + link.search, { headers: BROWSER });
  const html = await response.text();
  return {
    status: response.status,
    state: /data-state="(\w+)"/.exec(html)?.[1],
    code: /<svg [\s\S]*?<\/svg>/.exec(html)?.[0],
    secondsLeft: Number(/<span data-seconds>(\d+)/.exec(html)?.[1]),
  };
}

async function linkFrom(node: TestNode, instanceId: string): Promise<URL> {
  const { url } = await node.api.post(`/instances/${instanceId}/qr-link`, undefined, 200) as { url: string };
  expect(url.startsWith(`${node.url}/`)).toBe(true);
  return new URL(url);
}

/** What all of them show, once it is the same. */
async function shownByAll(links: URL[]): Promise<{ state: string | undefined; code: string | undefined }> {
  const pages = await Promise.all(cluster.nodes.map((node, index) => page(node, links[(index + 1) % links.length] as URL)));
  for (const { status, state, code, secondsLeft } of pages) {
    expect([status, code !== undefined]).toEqual([200, state === 'QR_READY']);
    if (code !== undefined) expect(secondsLeft).toBeLessThanOrEqual(60);
  }
  const shown = new Set(pages.map(({ state, code }) => `${state} ${code}`));
  return shown.size === 1 ? { state: pages[0]?.state, code: pages[0]?.code } : { state: undefined, code: undefined };
}

test('the page of a link that one node made shows on every node what is so at the moment', { timeout: 60_000 }, async () => {
  await make('shown');
  const links = await Promise.all(cluster.nodes.map(node => linkFrom(node, 'shown')));
  expect((await shownByAll(links)).state).toBe('DISCONNECTED');
  const codes = new Set<string | undefined>();
  for (const verb of ['connect', 'restart', 'restart', 'restart']) {
    expect(await cluster.next().api.post(`/instances/shown/${verb}`, undefined, 200)).toMatchObject({ status: 'QR_READY' });
    const { state, code } = await shownByAll(links);
    expect(state).toBe('QR_READY');
    codes.add(code);
  }
  expect(codes.size).toBe(4);
  await cluster.next().api.post('/instances/shown/disconnect', undefined, 200);
  expect((await shownByAll(links)).state).toBe('DISCONNECTED');
  for (const node of cluster.nodes) expect((await fetch(`${node.url}${links[0]?.pathname}?expires=${Date.now() + 1_000}&signature=${'a'.repeat(43)}`, { headers: BROWSER })).status).toBe(401);
});

test('all nodes say that nobody scanned in time', { timeout: 60_000 }, async () => {
  await make('unscanned');
  simulator.faults.add({ kind: 'never-scanned', ms: 1_000 });
  await cluster.next().api.post('/instances/unscanned/connect', undefined, 200);
  const link = await linkFrom(cluster.next(), 'unscanned');
  await until('it is over', async () => (await shownByAll([link])).state === 'DISCONNECTED');
  for (const { api } of cluster.nodes) expect(await api.get('/instances/unscanned/status')).toMatchObject({ status: 'DISCONNECTED', reason: 'qr_expired' });
  simulator.faults.clear();
});

test.each([
  ['a QR code', async (instanceId: string, phone: string) => {
    const { qr } = await cluster.next().api.get(`/instances/${instanceId}/qr`) as { qr: string };
    await simulator.phones.scan(phone, qr);
  }],
  ['a pairing code', async (instanceId: string, phone: string) => {
    const { code } = await cluster.next().api.post(`/instances/${instanceId}/pairing-code`, { phoneNumber: phone }, 200) as { code: string };
    await simulator.phones.enterPairingCode(phone, code);
  }],
])('who watches the nodes in turn while %s is taken sees one way from waiting to connected', { timeout: 60_000 }, async (how, take) => {
  for (let round = 0; round < 4; round += 1) {
    const [instanceId, phone] = [`${how.replaceAll(' ', '-')}-${round}`, `155506${how.length}0${String(round).padStart(3, '0')}`];
    simulator.phones.add(phone);
    await make(instanceId);
    await cluster.next().api.post(`/instances/${instanceId}/connect`, undefined, 200);
    const link = await linkFrom(cluster.next(), instanceId);
    const seen: string[] = [];
    const watching = until('it is CONNECTED', async () => {
      const node = cluster.next();
      const status = seen.length % 2 === 0 ? (await node.api.get(`/instances/${instanceId}/status`) as { status: string }).status : String((await page(node, link)).state);
      seen.push(status);
      return status === 'CONNECTED';
    });
    await take(instanceId, phone);
    await watching;
    const steps = seen.filter((status, index) => status !== seen[index - 1]);
    expect(steps.filter(status => status !== 'CONNECTING')).toEqual(['QR_READY', 'CONNECTED']);
    expect(steps.length).toBeLessThanOrEqual(3);
    for (const node of cluster.nodes) expect(await page(node, link)).toMatchObject({ status: 200, state: 'CONNECTED', code: undefined });
    expect(simulator.phones.get(phone).devices).toMatchObject([{ connected: true }]);
    await cluster.next().api.post(`/instances/${instanceId}/messages/text`, { to: '16660000001', text: 'Hello' }, 201);
  }
});

test('a code that nobody scans is replaced after a minute, and the new one shows on every node', { timeout: 120_000 }, async () => {
  const links = await Promise.all(cluster.nodes.map(node => linkFrom(node, 'kept')));
  await until('all show another code', async () => {
    const { state, code } = await shownByAll(links);
    return state === 'QR_READY' && code !== undefined && code !== firstCode;
  }, 90_000);
});
