import { createSystemRandom } from '@gateway/adapters/system/random.js';
import { DomainError } from '@gateway/domain/errors.js';
import { createAccessUseCases } from '@gateway/usecases/access/access-use-cases.js';
import { createAuthenticator } from '@gateway/usecases/access/authenticate.js';
import { createFailedLogins } from '@gateway/usecases/access/failed-logins.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTestStore } from '../../contracts/support/embedded.js';
import { createTestClock, type TestClock } from '../../support/test-clock.js';
import { until } from '../../support/until.js';

let store: Awaited<ReturnType<typeof openTestStore>>;
let clock: TestClock;
beforeEach(async () => {
  store = await openTestStore();
  clock = createTestClock();
});
afterEach(() => store.close());

/** A node, on the store that it shares with the others. */
function openNode({ configuredKey = null as string | null, perMinute = 3 } = {}) {
  const failed: string[] = [];
  const noted: number[] = [];
  let lookUps = 0;
  let afterRead: () => Promise<unknown> = async () => undefined;
  const keys = {
    ...store.apiKeys,
    async findByHash(hash: string) {
      lookUps += 1;
      const found = await store.apiKeys.findByHash(hash);
      await afterRead();
      return found;
    },
    async noteUsed(id: string, at: number) {
      noted.push(at);
      await store.apiKeys.noteUsed(id, at);
    },
  };
  const authenticator = createAuthenticator({
    keys, configuredKey, logins: createFailedLogins(perMinute, clock), onFailed: address => failed.push(address), clock, logger: { debug: (err: unknown) => { throw new Error(JSON.stringify(err)); } },
  });
  const usecases = createAccessUseCases({
    keys, audit: store.audit, authenticate: authenticator.authenticate, hasConfiguredKey: configuredKey !== null, onChanged: authenticator.forget, clock, random: createSystemRandom(),
  });
  return { ...usecases, failed, noted: () => noted, lookUps: () => lookUps, whileReading: (work: () => Promise<unknown>) => { afterRead = work; } };
}

const from = '192.0.2.1';
const admin = { name: 'admin', scopes: ['admin'] as const };

test('a key is known by its hash, and what was made is what it permits', async () => {
  const node = openNode();
  const { key, stored } = await node.createKey({ name: 'a', scopes: ['messages:send'], instances: ['one'] });
  expect(await node.authenticate(key, from)).toMatchObject({ id: stored.id, name: 'a', scopes: ['messages:send'], instances: ['one'] });
  expect(await node.authenticate(`${key}x`, from)).toBeNull();
  expect(JSON.stringify(await store.apiKeys.list())).not.toContain(key);
});

test('the configured key needs no store, and is never limited', async () => {
  const node = openNode({ configuredKey: 'from the environment', perMinute: 1 });
  await node.authenticate('wrong', from);
  expect(await node.authenticate('from the environment', from)).toMatchObject({ id: 'environment', scopes: ['admin'], instances: null });
  expect(node.lookUps()).toBe(1);
});

test('a change holds at once on the node that made it, also for what was just being looked up, and elsewhere within seconds', async () => {
  const [here, there] = [openNode(), openNode()];
  await here.createKey(admin);
  const { key, stored } = await here.createKey(admin);
  await here.authenticate(key, from);
  await there.authenticate(key, from);
  await here.updateKey(stored.id, { scopes: ['messages:read'] });
  expect(await here.authenticate(key, from)).toMatchObject({ scopes: ['messages:read'] });
  await clock.advance(5_001);

  // The look-up has read the row when the key is revoked.
  here.whileReading(async () => {
    here.whileReading(async () => undefined);
    await here.revokeKey(stored.id);
  });
  await there.authenticate(key, from);
  await here.authenticate(key, from);
  expect(await here.authenticate(key, from)).toBeNull();
  await clock.advance(5_001);
  expect(await there.authenticate(key, from)).toBeNull();
});

test('keys that are not valid are counted by address: beyond the limit none is looked up, for the rest of the minute', async () => {
  const node = openNode();
  const { key } = await node.createKey(admin);
  for (let count = 0; count < 3; count += 1) expect(await node.authenticate(`guess ${count}`, from)).toBeNull();
  expect(node.failed).toEqual([from, from, from]);
  const before = node.lookUps();
  await clock.advance(20_000);
  await expect(node.authenticate('guess 4', from)).rejects.toMatchObject({ code: 'rate_limited', details: { retryAfterSeconds: 40 } });
  await expect(node.authenticate(key, from)).rejects.toMatchObject({ code: 'rate_limited' });
  expect(node.lookUps()).toBe(before);
  expect(await node.authenticate(key, '192.0.2.2')).toMatchObject({ name: 'admin' });
  // It is known to be good by now: its holder is not locked out by a stranger behind the same proxy.
  expect(await node.authenticate(key, from)).toMatchObject({ name: 'admin' });
  await clock.advance(40_000);
  expect(await node.authenticate('guess 5', from)).toBeNull();
});

test('a revoked key is locked out like any that is not valid, though it was good', async () => {
  const node = openNode();
  await node.createKey(admin);
  const { key, stored } = await node.createKey(admin);
  await node.authenticate(key, from);
  await node.revokeKey(stored.id);
  for (let count = 0; count < 3; count += 1) expect(await node.authenticate(key, from)).toBeNull();
  await expect(node.authenticate(key, from)).rejects.toMatchObject({ code: 'rate_limited' });
});

test('no limit is no limit', async () => {
  const node = openNode({ perMinute: 0 });
  for (let count = 0; count < 20; count += 1) expect(await node.authenticate(`guess ${count}`, from)).toBeNull();
});

test('the use of a key is noted, every five minutes at most', async () => {
  const node = openNode();
  const { key, stored } = await node.createKey(admin);
  const lastUsed = async () => (await store.apiKeys.find(stored.id))?.lastUsedAt;
  const use = async () => {
    await clock.advance(5_001);
    await node.authenticate(key, from);
  };
  await use();
  const first = clock.now();
  await until('it is noted', async () => await lastUsed() === first);
  await use();
  expect(node.noted()).toEqual([first]);
  await clock.advance(300_000);
  await use();
  await until('it is noted', async () => await lastUsed() === clock.now());
});

test('the last key that may manage keys is neither revoked nor narrowed, unless the configuration has one', async () => {
  const node = openNode();
  const { stored: first } = await node.createKey(admin);
  await node.createKey({ ...admin, instances: ['one'] });
  for (const change of [() => node.revokeKey(first.id), () => node.updateKey(first.id, { scopes: ['cleanup'] }), () => node.updateKey(first.id, { instances: ['one'] })]) {
    await expect(change()).rejects.toMatchObject({ code: 'last_admin_key' });
  }
  expect(await node.updateKey(first.id, { name: 'renamed' })).toMatchObject({ name: 'renamed' });
  const { stored: second } = await node.createKey(admin);
  // Both at once: one stays.
  const ends = await Promise.allSettled([node.revokeKey(first.id), node.revokeKey(second.id)]);
  expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const other = openNode({ configuredKey: 'from the environment' });
  for (const { id } of await other.listKeys()) expect(await other.revokeKey(id)).toMatchObject({ revokedAt: expect.any(Number) as number });
});

test('what tells of an outage is told to a key that was good before it, unless that was changed since', async () => {
  const node = openNode();
  await node.createKey(admin);
  const { key, stored } = await node.createKey({ name: 'prometheus', scopes: ['instances:read'] });
  const { key: unused } = await node.createKey(admin);
  await node.authenticate(key, from);
  await clock.advance(5_001);
  const ask = (asked = key) => node.authenticate(asked, from, { evenWithoutStore: true });

  node.whileReading(async () => { throw new DomainError('store_unavailable', 'Away.'); });
  await expect(node.authenticate(key, from)).rejects.toMatchObject({ code: 'store_unavailable' });
  expect(await ask()).toMatchObject({ id: stored.id, scopes: ['instances:read'] });
  await expect(ask(unused)).rejects.toMatchObject({ code: 'store_unavailable' });

  // It does not say that it is away either.
  node.whileReading(() => new Promise(() => undefined));
  const waiting = ask();
  await clock.advance(2_000);
  expect(await waiting).toMatchObject({ id: stored.id });

  node.whileReading(async () => { throw new DomainError('store_unavailable', 'Away.'); });
  await node.revokeKey(stored.id);
  await expect(ask()).rejects.toMatchObject({ code: 'store_unavailable' });
});
