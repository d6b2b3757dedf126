import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type Cluster, type TestNode } from '../../support/cluster/cluster.js';
import { watchLogins, type LoginWatch } from '../../support/cluster/login-watch.js';
import { placeOf, untilSpread } from '../../support/cluster/places.js';
import { readSamples } from '../../support/metrics.js';
import { until } from '../../support/until.js';

const phones = new Map(Array.from({ length: 4 }, (_, index) => [`shop-${index}`, String(15550600000 + index)]));
/** Pairings that nobody scans, the first half on the first node. */
const unscanned = Array.from({ length: 4 }, (_, index) => `unscanned-${index}`);
const PAIRING_TIMEOUT_S = 20;

interface Step { step: string; outcome: string; message?: string }
interface Shown { status: string; reason: string }
interface Sessions { sessions: { instanceId: string }[]; pendingSessions: { instanceId: string }[]; pendingCount: number }
interface Cleaned { cleaned: string[]; count: number; unansweredNodes?: number }
interface Entry { actor: { id: string; name: string }; instanceId: string | null; outcome: string; detail?: Record<string, unknown> }

let cluster: Cluster;
let watch: LoginWatch;
/** A key that may do no more than clean up. */
let cleaner: { id: string; key: string };
beforeAll(async () => {
  cluster = await startCluster({ nodes: 2, env: { PAIRING_TIMEOUT_SECONDS: String(PAIRING_TIMEOUT_S), PENDING_SWEEP_SECONDS: '1' } });
  watch = watchLogins(cluster);
  await Promise.all([...phones].map(([instanceId, phone]) => cluster.pair(instanceId, phone)));
  await untilSpread(cluster, [...phones.keys()]);
  cleaner = await cluster.next().api.post('/keys', { name: 'cleaner', scopes: ['cleanup'] }, 201) as { id: string; key: string };
}, 120_000);
afterAll(async () => {
  await watch?.stop();
  await cluster?.stop();
});

const shop = (instanceId: string) => phones.get(instanceId) ?? '';
const isConnected = (instanceId: string) => cluster.simulator.phones.get(shop(instanceId)).devices.some(({ connected }) => connected);
const sessionsOf = ({ api }: TestNode) => api.get('/sessions') as Promise<Sessions>;
const idsOf = (sessions: { instanceId: string }[]) => sessions.map(({ instanceId }) => instanceId).sort();

/** Latest first, from any node: there is one log. */
const audited = async (query: string) => (await cluster.next().api.get(`/audit?limit=200&${query}`) as { entries: Entry[] }).entries;

async function clean(node: TestNode, path: string, key = cleaner.key, body?: object): Promise<unknown> {
  const response = await node.api.raw(path, { method: 'POST', headers: { 'x-api-key': key, ...(body && { 'content-type': 'application/json' }) }, body: body ? JSON.stringify(body) : null });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${path} answered ${response.status}: ${text}`);
  return JSON.parse(text) as unknown;
}
const cleanAll = (node: TestNode, kind: 'pending' | 'inactive', key = cleaner.key) => clean(node, `/cleanup-${kind}-sessions`, key) as Promise<Cleaned>;
const force = async (node: TestNode, instanceId: string, body?: object) => (await clean(node, `/instances/${instanceId}/force-cleanup`, cleaner.key, body) as { steps: Step[] }).steps;

/** Shows a QR of each, half of them on each node. */
async function showCodes(): Promise<void> {
  const [first, second] = cluster.nodes as [TestNode, TestNode];
  const known = idsOf((await first.api.get('/instances') as { instances: { instanceId: string }[] }).instances);
  await Promise.all(unscanned.map(async (instanceId, index) => {
    const { api } = index < unscanned.length / 2 ? first : second;
    if (!known.includes(instanceId)) await api.post('/instances', { instanceId }, 201);
    expect(await api.post(`/instances/${instanceId}/connect`, undefined, 200)).toMatchObject({ status: 'QR_READY' });
  }));
  const owners = await cluster.owners();
  expect(new Set(unscanned.map(instanceId => owners.get(instanceId)?.node)).size).toBe(2);
}

async function expectEverywhere(instanceId: string, shown: Partial<Shown>): Promise<void> {
  for (const { api } of cluster.nodes) expect(await api.get(`/instances/${instanceId}/status`)).toMatchObject(shown);
}

test('a forced clean-up by a node that does not own the instance answers the owner\'s steps, keeps credentials, and releases the session', async () => {
  const [mine, theirs] = ['shop-0', 'shop-1'];
  const [{ owner: itself }, { owner, others: [other = owner] }] = await Promise.all([placeOf(cluster, mine), placeOf(cluster, theirs)]);
  expect(other).not.toBe(owner);
  const steps = await force(other, theirs);
  expect(steps.map(({ step, outcome }) => `${step} ${outcome}`)).toEqual([
    'socket released', 'timers nothing', 'qr nothing', 'caches released', 'queue_consumer released', 'half_made_credentials nothing', 'credentials nothing',
  ]);
  expect(await force(itself, mine)).toEqual(steps);

  for (const instanceId of [mine, theirs]) {
    await until('its socket is closed', () => !isConnected(instanceId));
    await expectEverywhere(instanceId, { status: 'DISCONNECTED', reason: 'cleaned_up' });
    for (const node of cluster.nodes) expect(idsOf((await sessionsOf(node)).sessions)).not.toContain(instanceId);
    expect(await audited(`action=instance.force_cleanup&instanceId=${instanceId}`)).toMatchObject([
      { actor: { id: cleaner.id, name: 'cleaner' }, outcome: 'ok', detail: { wipeCredentials: false, socket: 'released', credentials: 'nothing' } },
    ]);
    expect(await other.api.post(`/instances/${instanceId}/connect`, undefined, 200)).toMatchObject({ status: 'CONNECTED' });
    expect(cluster.simulator.phones.get(shop(instanceId)).devices).toMatchObject([{ connected: true }]);
    expect(await other.api.get(`/instances/${instanceId}/backups`)).toEqual({ backups: [] });
  }
});

test('good credentials that it was told to wipe are in a backup, which a node that does not own the instance restores', async () => {
  const instanceId = 'shop-2';
  const at = `/instances/${instanceId}`;
  const notOwner = async (): Promise<TestNode> => (await placeOf(cluster, instanceId)).others[0] as TestNode;
  const steps = await force(await notOwner(), instanceId, { wipeCredentials: true });
  expect(steps.at(-1)).toMatchObject({ step: 'credentials', outcome: 'released' });
  await expectEverywhere(instanceId, { status: 'DISCONNECTED', reason: 'cleaned_up' });
  const made = { cause: 'force_cleanup', phoneNumber: shop(instanceId), restorable: true };
  for (const { api } of cluster.nodes) expect(await api.get(`${at}/backups`)).toMatchObject({ backups: [made] });
  // A pairing, half made, is in the way of nothing.
  expect(await (await notOwner()).api.post(`${at}/connect`, undefined, 200)).toMatchObject({ status: 'QR_READY' });
  const { backups: [backup] } = await cluster.next().api.get(`${at}/backups`) as { backups: { backupId: string }[] };
  const restore = `${at}/backups/${backup?.backupId}/restore`;
  expect(await (await notOwner()).api.post(restore, undefined, 409)).toMatchObject({ code: 'backup_not_restorable', reason: 'in_use' });
  await (await notOwner()).api.post(`${at}/disconnect`, undefined, 200);

  const before = await cluster.owners();
  const asked = await notOwner();
  expect(await asked.api.post(restore, undefined, 200)).toMatchObject({ status: 'DISCONNECTED', reason: 'restored' });
  await expectEverywhere(instanceId, { status: 'DISCONNECTED', reason: 'restored' });
  expect(await (await notOwner()).api.post(`${at}/connect`, undefined, 200)).toMatchObject({ status: 'CONNECTED' });
  await asked.api.post(`${at}/messages/text`, { to: '16660600001', text: 'Here again' }, 201);
  expect(cluster.simulator.phones.get(shop(instanceId)).devices).toMatchObject([{ connected: true }]);
  expect(watch.replaced(shop(instanceId))).toBe(0);
  expect(await audited(`action=instance.restore_backup&instanceId=${instanceId}`)).toMatchObject([{ outcome: 'ok' }, { outcome: 'backup_not_restorable' }]);

  // One owner, by the lease and by what each node says of itself.
  const owners = await cluster.owners();
  expect(owners.get(instanceId)?.epoch).toBeGreaterThanOrEqual(before.get(instanceId)?.epoch ?? Infinity);
  const owned = await Promise.all(cluster.nodes.map(async ({ api }) => readSamples(await (await api.raw('/metrics')).text()).get('chasqui_owned_instances') ?? NaN));
  expect(owned.reduce((sum, count) => sum + count, 0)).toBe(owners.size);
});

test('one node lists the sessions of all, and cleans up on request what all of them hold, each counted once', { timeout: 60_000 }, async () => {
  const [first, second] = cluster.nodes as [TestNode, TestNode];
  await showCodes();
  for (const node of cluster.nodes) {
    const { sessions, pendingSessions, pendingCount } = await sessionsOf(node);
    expect(idsOf(sessions)).toEqual([...phones.keys(), ...unscanned]);
    expect([idsOf(pendingSessions), pendingCount]).toEqual([unscanned, 4]);
  }

  // One on each node.
  const own = ['unscanned-0', 'unscanned-2'];
  const { key: bound } = await first.api.post('/keys', { name: 'bound', scopes: ['cleanup'], instances: own }, 201) as { key: string };
  expect(await cleanAll(second, 'pending', bound)).toEqual({ cleaned: own, count: 2 });
  const others = ['unscanned-1', 'unscanned-3'];
  expect(await cleanAll(first, 'pending')).toEqual({ cleaned: others, count: 2 });
  expect(await cleanAll(second, 'pending')).toEqual({ cleaned: [], count: 0 });
  for (const instanceId of unscanned) await expectEverywhere(instanceId, { status: 'DISCONNECTED', reason: 'qr_expired' });
  await until('only the paired ones have a socket', () => cluster.simulator.stats().openSockets === phones.size);
  expect(await cluster.query(`SELECT "instanceId" FROM "SessionCredentials" WHERE "instanceId" LIKE 'unscanned%'`)).toEqual([]);

  const released: string[] = [];
  let calls = 0;
  await until('all of them are released', async () => {
    released.push(...(await cleanAll(calls++ % 2 === 0 ? second : first, 'inactive')).cleaned);
    return released.length >= 4;
  });
  expect(released.sort()).toEqual(unscanned);
  for (const node of cluster.nodes) expect(await sessionsOf(node)).toMatchObject({ sessions: [...phones.keys()].map(() => ({ status: 'CONNECTED' })), pendingCount: 0 });

  const pending = await audited('action=sessions.cleanup_pending');
  expect(pending.map(({ actor, detail }) => [actor.name, detail])).toEqual([
    ['cleaner', { count: 0, instances: [] }], ['cleaner', { count: 2, instances: others }], ['bound', { count: 2, instances: own }],
  ]);
  const inactive = await audited('action=sessions.cleanup_inactive');
  expect(inactive).toHaveLength(calls);
  expect(inactive.flatMap(({ detail }) => detail?.['instances']).sort()).toEqual(unscanned);
  // What somebody asked for is noted with his call, and with nothing else.
  expect(await audited('actor=gateway')).toEqual([]);
});

test('pairings that end by themselves on two nodes are each in the audit log once, and so is what a killed node left half made', { timeout: 90_000 }, async () => {
  const [first, second] = cluster.nodes as [TestNode, TestNode];
  await showCodes();
  for (const instanceId of unscanned) await first.api.untilStatus(instanceId, 'DISCONNECTED', (PAIRING_TIMEOUT_S + 25) * 1_000);
  for (const instanceId of unscanned) await expectEverywhere(instanceId, { status: 'DISCONNECTED', reason: 'qr_expired' });

  // The node that is left cleans for both; it says that one did not answer, and takes over what that one had begun.
  await showCodes();
  const owners = await cluster.owners();
  const lost = unscanned.filter(instanceId => owners.get(instanceId)?.node === second.ids().at(-1));
  const kept = unscanned.filter(instanceId => !lost.includes(instanceId));
  // Whoever asks for a code to type has credentials that are half made.
  for (const [index, instanceId] of lost.entries()) await second.api.post(`/instances/${instanceId}/pairing-code`, { phoneNumber: `1555061000${index}` }, 200);
  await second.end('SIGKILL');
  expect(await cleanAll(first, 'pending')).toEqual({ cleaned: kept, count: 2, unansweredNodes: 1 });
  expect((await audited('action=sessions.cleanup_pending'))[0]).toMatchObject({ detail: { count: 2, unansweredNodes: 1 } });
  for (const instanceId of lost) await until('it is known to be lost', async () => (await first.api.get(`/instances/${instanceId}/status`) as Shown).reason === 'never_paired', 40_000);

  const byGateway = await audited('actor=gateway');
  expect(byGateway.map(({ actor, instanceId, detail }) => `${actor.id}: ${instanceId} ${String(detail?.['reason'] ?? '')}`.trim()).sort()).toEqual([
    ...unscanned.map(instanceId => `gateway: ${instanceId} qr_expired`), ...lost.map(instanceId => `gateway: ${instanceId}`),
  ].sort());
  expect((await audited('action=session.expire')).map(({ instanceId }) => instanceId).sort()).toEqual(unscanned);
  expect((await audited('action=session.discard_half_made')).map(({ instanceId }) => instanceId).sort()).toEqual(lost);
});
