import { DomainError } from '@gateway/domain/errors.js';
import { soleTenure } from '@gateway/domain/instances/tenure.js';
import { createSessionRecorder, type RecorderParts } from '@gateway/usecases/sessions/session-recorder.js';
import type { SessionView } from '@gateway/usecases/sessions/session.js';
import { expect, test } from 'vitest';
import { collectingLogger } from '../../support/logger.js';
import { createTestClock } from '../../support/test-clock.js';

/** A recorder whose store is away until it is back. */
function createRig() {
  const clock = createTestClock();
  const done: string[] = [];
  const lines: Record<string, unknown>[] = [];
  const store = { away: true, current: true };
  const note = async (what: string) => {
    if (store.away) throw new DomainError('store_unavailable', 'The database cannot be reached at the moment.');
    done.push(what);
  };
  const parts = {
    instances: { update: (_id: string, { status }: { status?: string }) => note(`row ${status}`) },
    history: { append: (_tenure: unknown, { status }: { status: string }) => note(`history ${status}`) },
    board: { put: async () => { done.push('board'); } },
    outlet: { publish: (_id: string, { type }: { type: string }) => note(`event ${type}`) },
    ownership: { isCurrent: () => store.current },
    endLeftovers: (_tenure: unknown, leftBy: string) => note(`leftovers ${leftBy}`),
    onStatus: () => {}, clock, logger: collectingLogger(lines),
  } as unknown as RecorderParts;
  const recorder = createSessionRecorder(parts, { instanceId: 'demo', status: 'CONNECTED', reason: 'connected' }, soleTenure('demo'));
  return { clock, done, lines, store, recorder };
}

const loggedOut = { connection: { status: 'LOGGED_OUT', reason: 'logged_out' }, qr: null, account: null, connectedAt: null, lastSeen: null } as unknown as SessionView;

test('what happens while the store is away is stored and told when it is back, in order and once', async () => {
  const { clock, done, lines, store, recorder } = createRig();
  recorder.record(loggedOut);
  await clock.advance(5_000);
  expect(done).toEqual(['board']);
  store.away = false;
  await clock.advance(1_000);
  await recorder.settled();
  expect(done).toEqual(['board', 'row LOGGED_OUT', 'leftovers logged_out', 'history LOGGED_OUT', 'event instance.status']);
  expect(lines).toEqual([]);
});

test('nothing is stored any more once the instance is another node\'s', async () => {
  const { clock, done, store, recorder } = createRig();
  recorder.record(loggedOut);
  await clock.advance(2_000);
  Object.assign(store, { away: false, current: false });
  await clock.advance(2_000);
  await recorder.settled();
  expect(done).toEqual(['board']);
  expect(clock.timers()).toBe(0);
});
