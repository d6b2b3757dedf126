import { createMemoryStatusBoard } from '@gateway/adapters/memory/status-board.js';
import { DEFAULT_SETTINGS, type Instance } from '@gateway/domain/instances/instance.js';
import type { LiveStatus } from '@gateway/ports/status-board.js';
import { createInstanceViewer } from '@gateway/usecases/instances/view-instance.js';
import { beforeEach, describe, expect, it } from 'vitest';
import { createTestClock, type TestClock } from '../../support/test-clock.js';

const ROW_AT = 1_000;

const row = (instanceId: string, change: Partial<Instance> = {}): Instance => ({
  instanceId, name: instanceId, phoneNumber: '15550001111', lid: null, status: 'CONNECTED', reason: 'connected', statusEpoch: 3, qr: null, qrAt: null, connectedAt: 900, lastSeen: 950,
  active: true, settings: DEFAULT_SETTINGS, createdAt: 0, updatedAt: ROW_AT, deletedAt: null, ...change,
});

const live = (instanceId: string, change: Partial<LiveStatus> = {}): LiveStatus => ({
  instanceId, epoch: 3, status: 'CONNECTING', reason: 'reconnecting', qr: null, phoneNumber: null, lastSeen: 2_000, connectedAt: null, updatedAt: 2_000, ...change,
});

describe('what an instance is shown as', () => {
  let clock: TestClock;
  let asked: string[][];
  let epochs: Map<string, number>;
  const owned = async (instanceIds: string[]) => {
    asked.push(instanceIds);
    return epochs;
  };
  beforeEach(() => {
    clock = createTestClock(5_000);
    asked = [];
    epochs = new Map();
  });

  it('is its live state, and how fresh that is', async () => {
    const board = createMemoryStatusBoard(clock);
    await board.put(live('a'));
    const view = await createInstanceViewer(board, owned).one(row('a'));
    expect(view).toMatchObject({ status: 'CONNECTING', reason: 'reconnecting', phoneNumber: '15550001111', connectedAt: 900, lastSeen: 2_000, statusAt: 5_000 });
    expect(asked).toEqual([]);
  });

  it('is its row, where there is no live state but its present owner wrote it', async () => {
    epochs.set('a', 3);
    const waiting = row('a', { status: 'QR_READY', reason: 'waiting_for_scan', qr: '2@abc', qrAt: 990 });
    const view = await createInstanceViewer(createMemoryStatusBoard(clock), owned).one(waiting);
    expect(view).toEqual({ ...waiting, live: null, statusAt: ROW_AT });
  });

  it('is never connected where nobody stands behind it', async () => {
    const viewer = createInstanceViewer(createMemoryStatusBoard(clock));
    for (const status of ['CONNECTED', 'CONNECTING', 'QR_READY'] as const) {
      expect(await viewer.one(row('a', { status, qr: '2@abc' }))).toMatchObject({ status: 'DISCONNECTED', reason: 'gateway_stopped', qr: null, live: null, statusAt: ROW_AT });
    }
    expect(await viewer.one(row('a', { status: 'LOGGED_OUT', reason: 'logged_out' }))).toMatchObject({ status: 'LOGGED_OUT', reason: 'logged_out', statusAt: ROW_AT });
    expect(await viewer.one(row('a', { status: 'DISCONNECTED', reason: 'disconnected_by_user' }))).toMatchObject({ status: 'DISCONNECTED', reason: 'disconnected_by_user' });
  });

  it('is on its way, where its owner is gone and the next one has not spoken yet', async () => {
    const viewer = createInstanceViewer(createMemoryStatusBoard(clock), owned);
    for (const owner of [[], [['a', 4]]] as [string, number][][]) {
      epochs = new Map(owner);
      expect(await viewer.one(row('a'))).toMatchObject({ status: 'CONNECTING', reason: 'taken_over', statusAt: ROW_AT });
      expect(await viewer.one(row('a', { status: 'QR_READY', reason: 'waiting_for_scan', qr: '2@abc' }))).toMatchObject({ status: 'DISCONNECTED', reason: 'gateway_stopped', qr: null });
      expect(await viewer.one(row('a', { active: false }))).toMatchObject({ status: 'DISCONNECTED', reason: 'gateway_stopped' });
      expect(await viewer.one(row('a', { status: 'LOGGED_OUT', reason: 'logged_out' }))).toMatchObject({ status: 'LOGGED_OUT' });
    }
  });

  it('asks once who owns what, and only of those that are in doubt', async () => {
    const board = createMemoryStatusBoard(clock);
    await board.put(live('live'));
    epochs.set('owned', 3);
    const rows = [row('live'), row('owned'), row('off', { status: 'DISCONNECTED', reason: 'disconnected_by_user' }), row('unowned'), row('out', { status: 'LOGGED_OUT', reason: 'logged_out' })];
    const views = await createInstanceViewer(board, owned).many(rows);
    expect(asked).toEqual([['owned', 'unowned']]);
    expect(views.map(({ instanceId, status }) => [instanceId, status])).toEqual([
      ['live', 'CONNECTING'], ['owned', 'CONNECTED'], ['off', 'DISCONNECTED'], ['unowned', 'CONNECTING'], ['out', 'LOGGED_OUT'],
    ]);
    await createInstanceViewer(board, owned).many([]);
    expect(asked).toHaveLength(1);
  });
});
