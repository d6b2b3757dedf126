import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type Cluster, type TestNode } from '../../support/cluster/cluster.js';
import { holderAt, readLeaseHistory, recordLeases } from '../../support/cluster/lease-history.js';
import { watchLogins, type LoginWatch } from '../../support/cluster/login-watch.js';
import { contactOf, NOTHING_WRONG, startTraffic } from '../../support/cluster/traffic.js';
import { until } from '../../support/until.js';
import { startWebhookReceiver, type WebhookReceiver } from '../../support/webhook-receiver.js';

const INSTANCES = 30;
const SECRET = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
const phones = new Map(Array.from({ length: INSTANCES }, (_, index) => [`shop-${index}`, String(15550100000 + index)]));

let cluster: Cluster;
let receiver: WebhookReceiver;
let watch: LoginWatch;
let traffic: ReturnType<typeof startTraffic>;

beforeAll(async () => {
  cluster = await startCluster();
  receiver = await startWebhookReceiver(SECRET);
  await recordLeases(cluster);
  watch = watchLogins(cluster);
  await inTurns([...phones], 6, async ([instanceId, phone]) => {
    await cluster.pair(instanceId, phone, { sendIntervalMs: 0 });
    await cluster.next().api.post(`/instances/${instanceId}/webhooks`, { url: receiver.url, secret: SECRET, events: ['message.received', 'message.ack'] }, 201);
    // Known to each other before anything is counted.
    await cluster.next().api.post(`/instances/${instanceId}/messages/text`, { to: contactOf(phone), text: 'Hello' }, 201);
  });
  traffic = startTraffic(cluster, { phones, receiver, everyMs: 100 });
}, 180_000);
afterAll(async () => {
  await watch?.stop();
  await receiver?.close();
  await cluster?.stop();
});

test('the instances are spread evenly', async () => {
  await untilSpread(3);
});

test('a node that is killed with -9 loses its instances to the others within 20 s', { timeout: 120_000 }, async () => {
  const [node] = cluster.nodes as [TestNode, TestNode, TestNode];
  const lost = await ownedBy(node);
  await node.end('SIGKILL');
  const took = await untilOwnedAnew(lost, 20_000);
  console.log(`${lost.size} instances of a killed node were CONNECTED elsewhere after ${took} ms`);
  expect(took).toBeLessThan(20_000);
  await node.start();
  await untilSpread(3);
});

test('a node that gets SIGTERM hands its instances over within 5 s', { timeout: 120_000 }, async () => {
  const [, node] = cluster.nodes as [TestNode, TestNode, TestNode];
  const lost = await ownedBy(node);
  const ended = node.end('SIGTERM');
  const took = await untilOwnedAnew(lost, 5_000);
  console.log(`${lost.size} instances of a node that was asked to stop were CONNECTED elsewhere after ${took} ms`);
  expect(took).toBeLessThan(5_000);
  expect(await ended).toBe(0);
  await node.start();
  await untilSpread(3);
});

test('a node that is paused for 40 s loses its instances, and does nothing in their name when it wakes up', { timeout: 180_000 }, async () => {
  const [, , node] = cluster.nodes as [TestNode, TestNode, TestNode];
  const lost = await ownedBy(node);
  node.pause();
  const paused = Date.now();
  const took = await untilOwnedAnew(lost, 20_000);
  console.log(`${lost.size} instances of a paused node were CONNECTED elsewhere after ${took} ms`);
  expect(took).toBeLessThan(20_000);
  const before = watch.logins().length;
  await until('it was paused for 40 s', () => Date.now() - paused >= 40_000, 45_000);
  node.resume();
  await until('it noticed', () => node.complaints().some(({ msg }) => msg === 'this node does not own the instance any more'), 30_000);
  await untilSpread(3);
  const after = watch.logins().slice(before).filter(login => login.node === node.name);
  // It comes back as a node like any other, and only to what it was given anew.
  const history = await readLeaseHistory(cluster);
  for (const login of after) expect(holderAt(history, instanceOf(login.phone), login.at)?.owner).toBe(nodeIdOf(node));
});

test('nothing was lost, nothing was shown twice, and no two nodes had one instance', { timeout: 180_000 }, async () => {
  const result = await traffic.stop();
  const { accepted, written, ...wrong } = result;
  console.log({ accepted, written });
  expect(wrong).toEqual(NOTHING_WRONG);
  expect(cluster.simulator.stats().pairings).toBe(INSTANCES);

  await watch.stop();
  const history = await readLeaseHistory(cluster);
  const logins = watch.logins();
  expect(logins.length).toBeGreaterThan(2 * INSTANCES);
  const whileAnotherOwned = logins.flatMap(login => {
    const holder = holderAt(history, instanceOf(login.phone), login.at);
    const isOther = login.node !== null && holder !== null && !nodeIdsOf(login.node).includes(holder.owner);
    return isOther ? [{ ...login, ids: nodeIdsOf(login.node ?? ''), leases: history.filter(({ instanceId }) => instanceId === instanceOf(login.phone)) }] : [];
  });
  expect(whileAnotherOwned).toEqual([]);
  // One for each time a node was cut off without closing its connections, which WhatsApp then ended.
  for (const phone of phones.values()) expect(watch.replaced(phone)).toBeLessThanOrEqual(2);
  expect(cluster.nodes.flatMap(node => node.complaints()).filter(({ level }) => level === 60)).toEqual([]);
});

async function inTurns<T>(items: T[], atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  }));
}

/** What the node called itself, in each of its lives. */
function nodeIdsOf(name: string): string[] {
  return cluster.nodes.find(node => node.name === name)?.ids() ?? [];
}

function nodeIdOf(node: TestNode): string {
  return node.ids().at(-1) ?? '';
}

function instanceOf(phone: string): string {
  return [...phones].find(([, number]) => number === phone)?.[0] ?? '';
}

/** The epochs of what the node owns now. */
async function ownedBy(node: TestNode): Promise<Map<string, number>> {
  const owners = await cluster.owners();
  return new Map([...owners].filter(([, { node: owner }]) => owner === nodeIdOf(node)).map(([instanceId, { epoch }]) => [instanceId, epoch]));
}

/** Until each of them is owned in a later epoch and CONNECTED; answers after how many milliseconds. */
async function untilOwnedAnew(lost: Map<string, number>, withinMs: number): Promise<number> {
  const started = Date.now();
  let behind: string[] = [];
  await until('all instances are CONNECTED elsewhere', async () => {
    const owners = await cluster.owners();
    const list = await cluster.next().api.get('/instances') as { instances: { instanceId: string; status: string }[] };
    const statuses = new Map(list.instances.map(({ instanceId, status }) => [instanceId, status]));
    behind = [...lost].filter(([instanceId, epoch]) => (owners.get(instanceId)?.epoch ?? 0) <= epoch || statuses.get(instanceId) !== 'CONNECTED').map(([instanceId]) => instanceId);
    return behind.length === 0;
  }, withinMs + 15_000).catch((error: unknown) => {
    throw new Error(`${String(error)}; behind: ${behind.join(', ')}\n${cluster.nodes.map(node => node.process.output().slice(-3_000)).join('\n')}`);
  });
  return Date.now() - started;
}

/** Until so many nodes own the same number of instances, more or less one, and all are CONNECTED. */
async function untilSpread(nodes: number): Promise<void> {
  let counts: number[] = [];
  await until(`the instances are spread over ${nodes} nodes`, async () => {
    const owners = [...(await cluster.owners()).values()].map(({ node }) => node);
    counts = [...new Set(owners)].map(owner => owners.filter(other => other === owner).length);
    return owners.length === INSTANCES && counts.length === nodes && Math.max(...counts) - Math.min(...counts) <= 1;
  }, 60_000).catch((error: unknown) => { throw new Error(`${String(error)}: ${counts.join(', ')}`); });
  for (const instanceId of phones.keys()) await cluster.next().api.untilStatus(instanceId, 'CONNECTED', 20_000);
}
