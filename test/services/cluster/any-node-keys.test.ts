import { afterAll, beforeAll, expect, test } from 'vitest';
import { api } from '../../support/api.js';
import { startCluster, type Cluster, type TestNode } from '../../support/cluster/cluster.js';
import { until } from '../../support/until.js';

/** A node that is not told of a change trusts a key for five seconds after it looked: it must know sooner. */
const TOLD_WITHIN_MS = 3_500;
/** One that could not be told knows when these are over. */
const KNOWN_WITHIN_MS = 10_000;

let cluster: Cluster;
let first: TestNode;
let second: TestNode;
beforeAll(async () => {
  cluster = await startCluster({ nodes: 2 });
  [first, second] = cluster.nodes as [TestNode, TestNode];
  // One on each node.
  await first.api.post('/instances', { instanceId: 'shop-0' }, 201);
  await second.api.post('/instances', { instanceId: 'shop-1' }, 201);
}, 90_000);
afterAll(() => cluster?.stop());

interface Made { id: string; key: string }

const makeKey = (node: TestNode, input: object) => node.api.post('/keys', { name: 'tested', ...input }, 201) as Promise<Made>;
const statusOf = async (node: TestNode, key: string, path: string, method = 'GET') => (await api(node.url, key).raw(path, { method })).status;
/** Each node answers so, to the same key. */
async function expectEverywhere(key: string, expected: Record<string, number>): Promise<void> {
  for (const node of cluster.nodes) {
    for (const [call, status] of Object.entries(expected)) {
      const [method = '', path = ''] = call.split(' ');
      expect([node.name, call, await statusOf(node, key, path, method)]).toEqual([node.name, call, status]);
    }
  }
}

test('a key that one node made is good on the other at once, and when it is revoked there it is good nowhere', async () => {
  const { id, key } = await makeKey(first, { scopes: ['instances:read', 'instances:write'] });
  await expectEverywhere(key, { 'GET /instances/shop-0': 200, 'GET /instances/shop-1': 200, 'POST /instances/shop-0/disconnect': 200, 'POST /instances/shop-1/disconnect': 200 });
  expect(await second.api.remove(`/keys/${id}`)).toMatchObject({ revokedAt: expect.any(String) as string });
  // The node that did it asks nobody.
  expect(await statusOf(second, key, '/instances/shop-0')).toBe(401);
  await until('the other node refuses it', async () => await statusOf(first, key, '/instances/shop-0') === 401, TOLD_WITHIN_MS);
  // Neither for reading, nor for what the other node would have to do.
  await expectEverywhere(key, { 'GET /instances': 401, 'POST /instances/shop-0/connect': 401, 'POST /instances/shop-1/connect': 401 });
  const { entries } = await first.api.get('/audit?action=key.revoke') as { entries: object[] };
  expect(entries).toMatchObject([{ actor: { id: 'environment' }, outcome: 'ok', detail: { keyId: id } }]);
});

test('a key that one node narrowed, in what it may do and to whom, is as narrow on the other; and as wide again', async () => {
  const { id, key } = await makeKey(second, { scopes: ['instances:read', 'instances:write'] });
  await expectEverywhere(key, { 'GET /instances/shop-0': 200, 'POST /instances/shop-1/disconnect': 200 });
  await first.api.patch(`/keys/${id}`, { scopes: ['instances:read'] });
  await until('the other node has heard of its scopes', async () => await statusOf(second, key, '/instances/shop-1/disconnect', 'POST') === 403, TOLD_WITHIN_MS);
  await expectEverywhere(key, { 'GET /instances/shop-0': 200, 'POST /instances/shop-0/disconnect': 403, 'POST /instances/shop-1/disconnect': 403 });

  await first.api.patch(`/keys/${id}`, { instances: ['shop-0'] });
  await until('the other node has heard of its instances', async () => await statusOf(second, key, '/instances/shop-1') === 404, TOLD_WITHIN_MS);
  await expectEverywhere(key, { 'GET /instances/shop-0': 200, 'GET /instances/shop-1': 404, 'GET /instances/shop-1/status': 404 });
  for (const { url } of cluster.nodes) expect(await api(url, key).get('/instances')).toMatchObject({ instances: [{ instanceId: 'shop-0' }] });

  await second.api.patch(`/keys/${id}`, { instances: null, scopes: ['instances:read', 'instances:write'] });
  await until('the other node has heard that it is wide again', async () => await statusOf(first, key, '/instances/shop-1/disconnect', 'POST') === 200, TOLD_WITHIN_MS);
  await expectEverywhere(key, { 'GET /instances/shop-0': 200, 'POST /instances/shop-1/disconnect': 200 });
});

test('a revocation that no node could be told of, for want of Redis, holds everywhere when five seconds are over', { timeout: 60_000 }, async () => {
  const [revoked, narrowed] = await Promise.all([makeKey(first, { scopes: ['instances:read'] }), makeKey(first, { scopes: ['instances:read'] })]);
  await cluster.redis.stop();
  for (const { key } of [revoked, narrowed]) await expectEverywhere(key, { 'GET /instances/shop-0': 200 });
  await first.api.remove(`/keys/${revoked.id}`);
  await first.api.patch(`/keys/${narrowed.id}`, { scopes: ['webhooks:write'] });
  expect([await statusOf(first, revoked.key, '/instances/shop-0'), await statusOf(first, narrowed.key, '/instances/shop-0')]).toEqual([401, 403]);
  // One after the other: too many keys that are not valid make it refuse to look.
  await until('the other node refuses the revoked one', async () => await statusOf(second, revoked.key, '/instances/shop-0') === 401, KNOWN_WITHIN_MS);
  await until('the other node refuses the narrowed one', async () => await statusOf(second, narrowed.key, '/instances/shop-0') === 403, KNOWN_WITHIN_MS);
  await cluster.redis.start();
  await until('Redis is back', async () => (await second.api.raw('/instances/shop-0/disconnect', { method: 'POST' })).status === 200);
  await expectEverywhere(revoked.key, { 'GET /instances/shop-0': 401 });
  await expectEverywhere(narrowed.key, { 'GET /instances/shop-0': 403 });
});
