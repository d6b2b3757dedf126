import { createKeyedLock } from '@gateway/adapters/baileys/keyed-lock.js';
import { DomainError } from '@gateway/domain/errors.js';
import { DEFAULT_SETTINGS } from '@gateway/domain/instances/instance.js';
import { soleTenure } from '@gateway/domain/instances/tenure.js';
import type { WhatsAppClient } from '@gateway/ports/whatsapp-client.js';
import { createSoleOwnership } from '@gateway/usecases/cluster/ownership.js';
import { createSessionRestorer } from '@gateway/usecases/sessions/restore-sessions.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestStore } from '../../contracts/support/embedded.js';
import { collectingLogger } from '../../support/logger.js';
import { createTestClock } from '../../support/test-clock.js';

let store: Awaited<ReturnType<typeof openTestStore>>;
beforeAll(async () => {
  store = await openTestStore();
  await store.instances.create({ instanceId: 'one', name: 'One', settings: DEFAULT_SETTINGS }, 1);
  await store.instances.update('one', { status: 'CONNECTED' }, 1);
});
afterAll(() => store?.close());

function createRig() {
  const clock = createTestClock();
  const rig = { clock, away: true, holds: true, asked: 0, replayed: 0 };
  const client = {
    hasSession: async () => false,
    discardHalfMadeSession: async () => false,
    replay: async () => void (rig.replayed += 1),
  } as unknown as WhatsAppClient;
  const restorer = createSessionRestorer({
    instances: {
      ...store.instances,
      async find(instanceId) {
        rig.asked += 1;
        if (rig.away) throw new DomainError('store_unavailable', 'The database cannot be reached at the moment.');
        return store.instances.find(instanceId);
      },
    },
    history: store.history,
    sessions: { find: () => null, of: () => { throw new Error('nothing is to be connected'); } },
    client, ownership: { ...createSoleOwnership(), holds: () => rig.holds, tenureOf: soleTenure }, receive: async () => {}, auditor: { byGateway: async () => {} }, turns: createKeyedLock(), clock, logger: collectingLogger([]),
  });
  return { rig, restorer };
}

test('an instance that was taken over while the store was away for a moment is brought back when that is there again', async () => {
  const { rig, restorer } = createRig();
  await restorer.bringBack(['one']);
  await rig.clock.advance(5_000);
  expect(rig.replayed).toBe(0);
  rig.away = false;
  await rig.clock.advance(5_000);
  await expect.poll(async () => (await store.instances.find('one'))?.status).toBe('DISCONNECTED');
  expect(rig.replayed).toBe(1);
  await expect.poll(async () => (await store.history.list('one', { limit: 5 })).records).toMatchObject([{ status: 'DISCONNECTED', reason: 'never_paired' }]);
  // Once is enough.
  const { asked } = rig;
  await rig.clock.advance(30_000);
  expect(rig.asked).toBe(asked);
});

test('nobody tries it again whose lease is gone, or who stops', async () => {
  const [lost, stopping] = [createRig(), createRig()];
  await Promise.all([lost.restorer.bringBack(['one']), stopping.restorer.bringBack(['one'])]);
  lost.rig.holds = false;
  stopping.restorer.stop();
  await Promise.all([lost.rig.clock.advance(30_000), stopping.rig.clock.advance(30_000)]);
  expect([lost.rig.asked, stopping.rig.asked]).toEqual([1, 1]);
});

test('those that wait for their turn are expected, until they have had it', async () => {
  const { rig, restorer } = createRig();
  rig.away = false;
  const ids = Array.from({ length: 20 }, (_, index) => `of many ${index}`);
  const done = restorer.bringBack([...ids, 'of many 0']);
  expect(ids.filter(restorer.isExpected)).toEqual(ids);
  expect(restorer.isExpected('another')).toBe(false);
  await done;
  expect(ids.filter(restorer.isExpected)).toEqual([]);
});
