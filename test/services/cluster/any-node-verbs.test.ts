import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type Cluster, type TestNode } from '../../support/cluster/cluster.js';
import { watchLogins, type LoginWatch } from '../../support/cluster/login-watch.js';
import { until } from '../../support/until.js';

const phones = new Map(Array.from({ length: 4 }, (_, index) => [`shop-${index}`, String(15550500000 + index)]));
const PHONE = '15550500099';

let cluster: Cluster;
let watch: LoginWatch;
beforeAll(async () => {
  cluster = await startCluster();
  watch = watchLogins(cluster);
  await Promise.all([...phones].map(([instanceId, phone]) => cluster.pair(instanceId, phone)));
}, 120_000);
afterAll(async () => {
  await watch?.stop();
  await cluster?.stop();
});

interface Asked { verb: string; status: number; code: string | undefined; body: Record<string, unknown> }

const VERBS: Record<string, { method: string; path: string }> = {
  connect: { method: 'POST', path: '/connect' },
  restart: { method: 'POST', path: '/restart' },
  disconnect: { method: 'POST', path: '/disconnect' },
  logout: { method: 'POST', path: '/logout' },
  delete: { method: 'DELETE', path: '' },
  restore: { method: 'POST', path: '/restore' },
  purge: { method: 'DELETE', path: '?purge=true' },
};

/** An answer that is not to come again; the instance may be on its way to another node. */
async function ask(node: TestNode, instanceId: string, verb: string): Promise<Asked> {
  for (const deadline = Date.now() + 20_000; ;) {
    const { method, path } = VERBS[verb] ?? { method: 'POST', path: '' };
    const response = await (verb === 'create'
      ? node.api.raw('/instances', { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ instanceId }) })
      : node.api.raw(`/instances/${instanceId}${path}`, { method }));
    const text = await response.text();
    const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
    if (response.status !== 503 || Date.now() > deadline) return { verb, status: response.status, code: body['code'] as string | undefined, body };
    expect(response.headers.get('retry-after')).not.toBeNull();
    await new Promise(resolve => setTimeout(resolve, 100));
  }
}

/** All at once, each through another node. */
const atOnce = (instanceId: string, ...verbs: string[]): Promise<Asked[]> => Promise.all(verbs.map(verb => ask(cluster.next(), instanceId, verb)));

/** What all nodes say, once they say the same, and which is not on its way anywhere. */
async function agreedOn(instanceId: string): Promise<string> {
  let said: string[] = [];
  await until(`all nodes agree on ${instanceId}`, async () => {
    said = await Promise.all(cluster.nodes.map(async ({ api }) => {
      const response = await api.raw(`/instances/${instanceId}`);
      const { status, reason, code } = await response.json() as { status?: string; reason?: string; code?: string };
      return code ?? `${status} ${reason}`;
    }));
    return new Set(said).size === 1 && !said[0]?.startsWith('CONNECTING');
  }, 20_000).catch((error: unknown) => { throw new Error(`${String(error)}: ${said.join(', ')}`); });
  return said[0] ?? '';
}

/** Devices of the phone: linked ones, and those that are logged in. */
function devicesOf(phone: string): { linked: number; connected: number } {
  const { devices } = cluster.simulator.phones.get(phone);
  return { linked: devices.length, connected: devices.filter(({ connected }) => connected).length };
}

const loginsOf = (phone: string): number => cluster.simulator.log({ event: 'login', phone }).length;

/** No two nodes had it at the same time, as WhatsApp saw it. */
function expectOneConnectionAtATime(phone: string): void {
  expect(watch.replaced(phone)).toBe(0);
}

test('connect, asked of all nodes at once, makes one connection', { timeout: 60_000 }, async () => {
  for (let round = 0; round < 5; round += 1) {
    await atOnce('shop-0', 'disconnect');
    const before = loginsOf('15550500000');
    const answers = await atOnce('shop-0', 'connect', 'connect', 'connect');
    expect(answers.map(({ status, body }) => [status, body['status']])).toEqual([[200, 'CONNECTED'], [200, 'CONNECTED'], [200, 'CONNECTED']]);
    expect(await agreedOn('shop-0')).toBe('CONNECTED connected');
    expect(devicesOf('15550500000')).toEqual({ linked: 1, connected: 1 });
    expect(loginsOf('15550500000') - before).toBe(1);
  }
  expectOneConnectionAtATime('15550500000');
});

test('connect and delete at once end with a deleted instance that has no connection, and can be restored', { timeout: 90_000 }, async () => {
  for (let round = 0; round < 5; round += 1) {
    const verbs = round % 2 === 0 ? ['connect', 'delete'] : ['delete', 'connect'];
    const answers = await atOnce('shop-1', ...verbs);
    for (const { verb, status } of answers) expect([verb, status === 200 || (verb === 'connect' && status === 404)]).toEqual([verb, true]);
    expect(await agreedOn('shop-1')).toBe('instance_not_found');
    await until('its connection is gone', () => devicesOf('15550500001').connected === 0);
    const restored = await atOnce('shop-1', 'restore', 'restore', 'restore');
    expect(restored.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await agreedOn('shop-1')).toBe('DISCONNECTED disconnected_by_user');
    expect((await atOnce('shop-1', 'connect')).map(({ body }) => body['status'])).toEqual(['CONNECTED']);
    expect(devicesOf('15550500001')).toEqual({ linked: 1, connected: 1 });
  }
  expectOneConnectionAtATime('15550500001');
});

test('delete, purge and create of one id through all nodes leave one instance or none', { timeout: 120_000 }, async () => {
  cluster.simulator.phones.add(PHONE);
  for (let round = 0; round < 6; round += 1) {
    const created = await atOnce('again', 'create', 'create', 'create');
    expect(created.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    const connected = await atOnce('again', 'connect', 'connect');
    expect(connected.map(({ status, body }) => [status, body['status']])).toEqual([[200, 'QR_READY'], [200, 'QR_READY']]);
    const { qr } = await cluster.next().api.get('/instances/again/qr') as { qr: string };
    await cluster.simulator.phones.scan(PHONE, qr);
    await cluster.next().api.untilStatus('again', 'CONNECTED');
    expect(devicesOf(PHONE)).toEqual({ linked: 1, connected: 1 });

    const verbs = [['purge', 'purge'], ['purge', 'connect'], ['delete', 'purge'], ['logout', 'purge'], ['purge', 'restore'], ['connect', 'purge', 'disconnect']][round] ?? [];
    const answers = await atOnce('again', ...verbs);
    expect(answers.filter(({ verb, status }) => verb === 'purge' && status === 204)).toHaveLength(1);
    for (const { verb, status, code } of answers) expect([verb, [200, 204].includes(status) || code === 'instance_not_found']).toEqual([verb, true]);
    expect(await agreedOn('again')).toBe('instance_not_found');
    // Without a connection there is nobody to tell WhatsApp: its owner has to.
    if (verbs.includes('delete') || verbs.includes('disconnect')) cluster.simulator.phones.unlink(PHONE);
    await until('nothing is linked any more', () => devicesOf(PHONE).linked === 0);
    for (const table of ['Lease', 'SessionCredentials', 'SignalKey']) expect(await cluster.query(`SELECT 1 FROM "${table}" WHERE "instanceId" = 'again'`)).toEqual([]);
  }
  expectOneConnectionAtATime(PHONE);
});

test('whatever is asked of whichever node at the same time, all agree in the end, and WhatsApp sees one connection at a time', { timeout: 180_000 }, async () => {
  const instances = ['shop-2', 'shop-3'];
  const verbs = ['connect', 'connect', 'restart', 'disconnect', 'delete', 'restore', 'restore'];
  const answers: Asked[] = [];
  await Promise.all(instances.flatMap(instanceId => Array.from({ length: 3 }, async () => {
    for (let turn = 0; turn < 20; turn += 1) answers.push(await ask(cluster.nodes[randomInt(cluster.nodes.length)] as TestNode, instanceId, verbs[randomInt(verbs.length)] ?? 'connect'));
  })));
  const strange = answers.filter(({ status, code }) => status !== 200 && code !== 'instance_not_found');
  expect(strange).toEqual([]);
  for (const instanceId of instances) {
    const phone = phones.get(instanceId) ?? '';
    const state = await agreedOn(instanceId);
    await until('WhatsApp sees the same', () => devicesOf(phone).connected === (state.startsWith('CONNECTED') ? 1 : 0));
    expectOneConnectionAtATime(phone);
    await atOnce(instanceId, 'restore');
    expect((await atOnce(instanceId, 'connect')).map(({ body }) => body['status'])).toEqual(['CONNECTED']);
    expect(devicesOf(phone)).toEqual({ linked: 1, connected: 1 });
  }
  console.log(Object.fromEntries([...new Set(answers.map(nameOf))].sort().map(name => [name, answers.filter(answer => nameOf(answer) === name).length])));
  expect(cluster.simulator.stats().pairings).toBe(phones.size + 6);
  expect(cluster.nodes.flatMap(node => node.complaints()).filter(({ level }) => level === 60)).toEqual([]);
});

function nameOf({ verb, status }: Asked): string {
  return `${verb} ${status}`;
}
