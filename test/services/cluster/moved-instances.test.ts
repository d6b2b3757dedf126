import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type Cluster, type TestNode } from '../../support/cluster/cluster.js';
import { placeOf, untilSpread } from '../../support/cluster/places.js';
import { readSamples, type Samples } from '../../support/metrics.js';
import { until } from '../../support/until.js';
import { startWebhookReceiver, type WebhookReceiver } from '../../support/webhook-receiver.js';

/*
 * Four instances on two nodes. The second node is stopped and started again twice, so that the first one, which lives through it all, gets two
 * instances, gives two away, and gets them back.
 */
const phones = new Map(Array.from({ length: 4 }, (_, index) => [`shop-${index}`, String(15550700000 + index)]));
const ids = [...phones.keys()];
const SECRET = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
/** Failures that open a breaker; it stays open for longer than the tests last. */
const FAILURES = 2;

let cluster: Cluster;
let receiver: WebhookReceiver;
let first: TestNode;
let second: TestNode;
beforeAll(async () => {
  receiver = await startWebhookReceiver(SECRET);
  cluster = await startCluster({ nodes: 2, env: { WEBHOOK_BREAKER_FAILURES: String(FAILURES), WEBHOOK_BREAKER_OPEN_SECONDS: '600' } });
  [first, second] = cluster.nodes as [TestNode, TestNode];
  await Promise.all([...phones].map(([instanceId, phone]) => cluster.pair(instanceId, phone, { sendIntervalMs: 250 })));
  await untilSpread(cluster, ids);
}, 120_000);
afterAll(async () => {
  await cluster?.stop();
  await receiver?.close();
});

let contacts = 0;
const newContact = (): string => `1668${String(++contacts).padStart(7, '0')}`;
const phoneOf = (instanceId: string): string => phones.get(instanceId) ?? '';
const loginsOf = (instanceId: string): number => cluster.simulator.log({ event: 'login', phone: phoneOf(instanceId) }).length;

const scrape = async ({ api }: TestNode): Promise<Samples> => readSamples(await (await api.raw('/metrics')).text());
async function sumOf(name: string, labels: Record<string, string> = {}): Promise<number> {
  const samples = await Promise.all(cluster.nodes.filter(node => node.isUp()).map(scrape));
  return samples.reduce((sum, { get }) => sum + (get(name, labels) ?? NaN), 0);
}

async function ownedBy(node: TestNode): Promise<string[]> {
  const owners = await cluster.owners();
  return ids.filter(instanceId => owners.get(instanceId)?.node === node.ids().at(-1));
}

/** How things are, as each node tells of its own. */
async function expectOwnCounts(): Promise<void> {
  for (const node of cluster.nodes.filter(({ isUp }) => isUp())) {
    const [samples, own] = [await scrape(node), await ownedBy(node)];
    expect([samples.get('chasqui_owned_instances'), samples.get('chasqui_sessions', { status: 'connected' })]).toEqual([own.length, own.length]);
  }
  expect(await sumOf('chasqui_owned_instances')).toBe(ids.length);
  expect(await sumOf('chasqui_sessions', { status: 'connected' })).toBe(ids.length);
}

const COUNTERS = [
  ['chasqui_sends_total', { mode: 'sync', outcome: 'sent' }], ['chasqui_sends_total', { mode: 'async', outcome: 'sent' }],
  ['chasqui_send_ack_seconds_count', { mode: 'sync' }], ['chasqui_messages_received_total', {}],
] as const;
const countersOf = async (node: TestNode): Promise<number[]> => {
  const samples = await scrape(node);
  // A histogram is not there before it has something to tell.
  return COUNTERS.map(([name, labels]) => samples.get(name, labels) ?? 0);
};

/** Of each instance, two sends that are waited for and a queued one, through both nodes, and a message that comes in: the owner counts them. */
async function expectOwnersCount(): Promise<void> {
  const nodes = cluster.nodes.filter(({ isUp }) => isUp());
  const before = await Promise.all(nodes.map(countersOf));
  await Promise.all(ids.map(async instanceId => {
    for (const { api } of cluster.nodes.map(() => cluster.next())) await api.post(`/instances/${instanceId}/messages/text`, { to: newContact(), text: 'now' }, 201);
    await cluster.next().api.post(`/instances/${instanceId}/messages/text?async=true`, { to: newContact(), text: 'soon' }, 202);
    await cluster.simulator.contacts.write(newContact(), { to: phoneOf(instanceId), text: 'an answer' });
  }));
  for (const [index, node] of nodes.entries()) {
    const own = (await ownedBy(node)).length;
    const expected = [2 * own, own, 2 * own, own].map((count, counter) => (before[index]?.[counter] ?? NaN) + count);
    let counted: number[] = [];
    await until(`${node.name} has counted its own`, async () => {
      counted = await countersOf(node);
      return counted.every((count, counter) => count >= (expected[counter] ?? NaN));
    }).catch((error: unknown) => { throw new Error(`${String(error)}: ${counted.join(', ')}, not ${expected.join(', ')}`); });
    expect(counted).toEqual(expected);
  }
}

test('each of two nodes counts what it owns, and the sums are the whole', { timeout: 60_000 }, async () => {
  await expectOwnCounts();
  await expectOwnersCount();
  // What waits is counted from the store.
  const scheduledAt = new Date(Date.now() + 86_400_000).toISOString();
  for (const instanceId of ids) await first.api.post(`/instances/${instanceId}/messages/text?async=true`, { to: newContact(), text: 'tomorrow', scheduledAt }, 202);
  await until('both have counted what waits', async () => await sumOf('chasqui_queue_messages', { state: 'queued' }) >= ids.length);
  for (const node of cluster.nodes) expect((await scrape(node)).get('chasqui_queue_messages', { state: 'queued' })).toBe((await ownedBy(node)).length);
});

test('after instances have moved, with messages in their queues, no send is counted by two nodes and none by nobody', { timeout: 120_000 }, async () => {
  await second.end('SIGTERM');
  await untilSpread(cluster, ids);
  await expectOwnCounts();
  const [, before = NaN] = await countersOf(first);

  // Receivers that fail: what is known of them is not to go with the instances, nor to stay behind.
  receiver.answerWith(() => ({ status: 500 }));
  for (const instanceId of ids) {
    await first.api.post(`/instances/${instanceId}/webhooks`, { url: `${receiver.url}/${instanceId}`, events: ['message.received'], secret: SECRET }, 201);
    for (let failure = 0; failure < FAILURES; failure += 1) await cluster.simulator.contacts.write(newContact(), { to: phoneOf(instanceId), text: 'lost?' });
  }
  await until('all breakers are open', async () => await sumOf('chasqui_webhook_breakers', { state: 'open' }) === ids.length);
  receiver.answerWith(() => ({ status: 200 }));

  const queued = 12;
  const starting = second.start();
  const people = ids.map(() => newContact());
  for (const [index, instanceId] of ids.entries()) {
    const items = Array.from({ length: queued }, (_, number) => ({ type: 'text', to: people[index], text: `${number}` }));
    await first.api.post(`/instances/${instanceId}/messages/bulk`, { messages: items }, 202);
  }
  await starting;
  await untilSpread(cluster, ids);
  expect(await ownedBy(second)).toHaveLength(2);
  const sent = async () => (await sumOf('chasqui_sends_total', { mode: 'async', outcome: 'sent' })) - before;
  await until('all that was queued is counted', async () => await sent() >= queued * ids.length, 40_000);
  expect(await sent()).toBe(queued * ids.length);
  for (const contact of people) expect(cluster.simulator.contacts.received(contact).map(({ text, times }) => `${text} × ${times}`)).toEqual(Array.from({ length: queued }, (_, number) => `${number} × 1`));
  await expectOwnCounts();
  await expectOwnersCount();
  await until('the receivers of the moved ones are well', async () => (await scrape(second)).get('chasqui_webhook_attempts_total', { outcome: 'delivered' }) as number >= 2);
  expect(await sumOf('chasqui_webhook_breakers', { state: 'open' })).toBe(2);
});

test('of an instance that was given away and deleted there nothing is left on the node that gave it, and it never reconnects', { timeout: 120_000 }, async () => {
  const [gone = '', moved = ''] = await ownedBy(second);
  const others = ids.filter(instanceId => instanceId !== gone);
  await first.api.remove(`/instances/${gone}`, 200);
  await until('its connection is closed', () => cluster.simulator.phones.get(phoneOf(gone)).devices.every(({ connected }) => !connected));
  expect(await sumOf('chasqui_sessions', { status: 'connected' })).toBe(3);
  for (const { api } of cluster.nodes) {
    expect((await api.get('/sessions') as { sessions: { instanceId: string }[] }).sessions.map(({ instanceId }) => instanceId).sort()).toEqual(others);
    await api.get(`/instances/${gone}`, 404);
  }
  const logins = loginsOf(gone);
  const before = loginsOf(moved);

  // Its owner goes; whoever had it first gets both back.
  await second.end('SIGTERM');
  await until('the other one is back', () => loginsOf(moved) > before);
  await untilSpread(cluster, others);
  expect((await placeOf(cluster, gone)).owner).toBe(first);
  expect(loginsOf(gone)).toBe(logins);
  expect((await scrape(first)).get('chasqui_sessions', { status: 'connected' })).toBe(3);
  expect((await scrape(first)).get('chasqui_sessions', { status: 'disconnected' })).toBe(0);

  await first.api.post(`/instances/${gone}/restore`, undefined, 200);
  const { steps } = await first.api.post(`/instances/${gone}/force-cleanup`, undefined, 200) as { steps: { step: string; outcome: string }[] };
  expect(steps.map(({ step, outcome }) => `${step} ${outcome}`)).toEqual([
    'socket nothing', 'timers nothing', 'qr nothing', 'caches nothing', 'queue_consumer nothing', 'half_made_credentials nothing', 'credentials nothing',
  ]);
  expect(loginsOf(gone)).toBe(logins);

  // Of the other, what was held against its receiver before it was given away is forgotten.
  const { length } = receiver.requests;
  await cluster.simulator.contacts.write(newContact(), { to: phoneOf(moved), text: 'and now?' });
  await until('it is delivered at once', () => receiver.requests.slice(length).some(({ body }) => body.includes('and now?')));
  expect((await scrape(first)).get('chasqui_webhook_breakers', { state: 'open' })).toBe(2);
});

test('an instance that is deleted while it is handed over is deleted, and does not come back', { timeout: 120_000 }, async () => {
  const there = ids.filter(instanceId => first.isUp() && cluster.simulator.phones.get(phoneOf(instanceId)).devices.some(({ connected }) => connected));
  await second.start();
  await untilSpread(cluster, there);
  const [gone = '', ...others] = [...await ownedBy(second), ...await ownedBy(first)].filter(instanceId => there.includes(instanceId));
  expect((await placeOf(cluster, gone)).owner).toBe(second);

  const leaving = second.end('SIGTERM');
  await until('it is deleted', async () => {
    const answer = await first.api.raw(`/instances/${gone}`, { method: 'DELETE' });
    // On its way from one node to the other it has no owner.
    expect([200, 503]).toContain(answer.status);
    return answer.status === 200;
  });
  const deleted = loginsOf(gone);
  await leaving;
  await untilSpread(cluster, others);
  expect(loginsOf(gone)).toBe(deleted);
  expect(cluster.simulator.phones.get(phoneOf(gone)).devices).toMatchObject([{ connected: false }]);
  expect((await first.api.get('/sessions') as { sessions: { instanceId: string }[] }).sessions.map(({ instanceId }) => instanceId).sort()).toEqual(others.sort());
  expect((await scrape(first)).get('chasqui_sessions', { status: 'connected' })).toBe(others.length);
  await first.api.post(`/instances/${gone}/restore`, undefined, 200);
  expect(await first.api.post(`/instances/${gone}/connect`, undefined, 200)).toMatchObject({ status: 'CONNECTED' });
});
