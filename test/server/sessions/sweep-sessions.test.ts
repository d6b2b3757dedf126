import { soleTenure } from '@gateway/domain/instances/tenure.js';
import { DomainError } from '@gateway/domain/errors.js';
import { createKeyedLock } from '@gateway/adapters/baileys/keyed-lock.js';
import type { Instance } from '@gateway/domain/instances/instance.js';
import { createSoleOwnership } from '@gateway/usecases/cluster/ownership.js';
import { createSessionCleaner, type SessionCleanerParts } from '@gateway/usecases/sessions/clean-sessions.js';
import { createSessionSweeps, type SweepParts } from '@gateway/usecases/sessions/sweep-sessions.js';
import type { Session, SessionView } from '@gateway/usecases/sessions/session.js';
import { expect, test } from 'vitest';
import { collectingLogger } from '../../support/logger.js';
import { createTestClock } from '../../support/test-clock.js';

type Shown = Partial<SessionView['connection']> & { since?: number; pendingSince?: number | null };

/** Sessions as a test says they are; what is done to them is noted. */
function createRig(shown: Record<string, Shown>, rows: Partial<Instance>[] = []) {
  const clock = createTestClock(1_000_000);
  const did: string[] = [];
  const halfMade = new Set<string>();
  const behind = new Set<string>();
  let storeIsAway = false;
  const sessionOf = (instanceId: string) => {
    const { since = 0, pendingSince = null, ...connection } = shown[instanceId] ?? {};
    return {
      tenure: soleTenure(instanceId),
      view: () => ({ connection: { status: 'DISCONNECTED', paired: true, ...connection }, since, pendingSince }),
      async dispatch({ type, by }: { type: string; by: string }) {
        did.push(`${type} ${instanceId} ${by}`);
        delete shown[instanceId];
      },
    } as unknown as Session;
  };
  const sessions = {
    all: () => Object.keys(shown).map(instanceId => ({ instanceId, session: sessionOf(instanceId) })),
    find: (instanceId: string) => instanceId in shown ? sessionOf(instanceId) : null,
    forget: (instanceId: string) => { delete shown[instanceId]; },
    isStored: (instanceId: string) => !behind.has(instanceId),
    settled: async () => {},
  };
  const note = (what: string) => async (...args: unknown[]) => void did.push([what, ...args].map(arg => typeof arg === 'object' ? JSON.stringify(arg) : String(arg)).join(' '));
  const cleaner = createSessionCleaner({
    sessions, clock, turns: createKeyedLock(), ownership: { ...createSoleOwnership(), holds: (id: string) => id !== 'elsewhere' },
    client: { release: (id: string) => did.push(`release ${id}`) > 0, hasSession: async () => false, discardHalfMadeSession: async ({ instanceId }: { instanceId: string }) => halfMade.delete(instanceId) },
    keeper: { release: note('queue') }, board: { remove: async () => {} }, forget: () => {},
    material: { listSessions: async () => ['good', 'left', 'elsewhere', ...Object.keys(shown)] },
  } as unknown as SessionCleanerParts);
  const sweeps = createSessionSweeps({
    cleaner, sessions, ownership: { holds: (id: string) => id !== 'elsewhere' }, restorer: { bringBack: note('bring back'), isExpected: (id: string) => id === 'expected' },
    instances: { list: async () => { if (storeIsAway) throw new DomainError('store_unavailable', 'Away.'); return rows as Instance[]; } },
    auditor: { byGateway: note('audit') }, times: { pairingTimeoutMs: 120_000, pendingSweepMs: 30_000, inactiveSweepMs: 1_800_000 }, clock, logger: collectingLogger([], 'fatal'),
  } as unknown as SweepParts);
  return { clock, did, halfMade, behind, cleaner, sweeps, lose: () => { storeIsAway = true; } };
}

test('every 30 seconds pairings whose time is over are given up, however often they began anew, and nothing else', async () => {
  const now = 1_000_000;
  const { clock, did, sweeps } = createRig({
    old: { status: 'CONNECTING', paired: false, pendingSince: now - 100_000 },
    young: { status: 'QR_READY', paired: false, pendingSince: now },
    scanned: { status: 'CONNECTING', paired: true, since: 0 },
    waits: { status: 'CONNECTING', paired: true, since: 0 },
    on: { status: 'CONNECTED', since: 0 },
  });
  sweeps.start();
  await clock.advance(29_999);
  expect(did).toEqual([]);
  await clock.advance(1);
  expect(did.filter(what => what.startsWith('expire'))).toEqual(['expire old sweep']);
  await clock.advance(90_000);
  expect(did.filter(what => what.startsWith('expire'))).toEqual(['expire old sweep', 'expire young sweep']);
  await sweeps.stop();
  await clock.advance(600_000);
  expect(did.filter(what => what.startsWith('expire'))).toHaveLength(2);
});

test('rows that nobody works on are taken up, and it is noted', async () => {
  const row = (instanceId: string, status: Instance['status'], more: Partial<Instance> = {}) => ({ instanceId, status, deletedAt: null, updatedAt: 0, ...more });
  const rig = createRig({ known: { status: 'CONNECTED' } }, [
    row('stranded', 'QR_READY'), row('known', 'CONNECTED'), row('fresh', 'CONNECTING', { updatedAt: 999_999 }), row('off', 'DISCONNECTED'),
    row('gone', 'CONNECTED', { deletedAt: 5 }), row('elsewhere', 'CONNECTED'), row('expected', 'CONNECTED'),
  ]);
  await rig.sweeps.sweepPending();
  expect(rig.did).toEqual(['bring back ["stranded"]', 'audit session.take_up stranded ok']);
  rig.lose();
  await rig.sweeps.sweepPending();
});

test('every half hour what is at rest is released, and credentials that nobody finished are deleted; a pending reconnect is left alone', async () => {
  const { clock, did, halfMade, behind, sweeps } = createRig({
    off: { status: 'DISCONNECTED' }, out: { status: 'LOGGED_OUT' },
    waits: { status: 'CONNECTING' }, on: { status: 'CONNECTED' }, unsaved: { status: 'DISCONNECTED' }, ending: { status: 'DISCONNECTED', since: 1_000_000 + 1_799_500 },
  });
  for (const id of ['left', 'elsewhere', 'waits']) halfMade.add(id);
  behind.add('unsaved');
  sweeps.start();
  await clock.advance(1_800_000);
  expect(did.filter(what => /^(release|queue)/.test(what)).sort()).toEqual(['queue off', 'queue out', 'release off', 'release out']);
  expect([...halfMade]).toEqual(['elsewhere', 'waits']);
  expect(did.filter(what => what.startsWith('audit session.release') || what.startsWith('audit session.discard'))).toEqual([
    'audit session.release off ok', 'audit session.release out ok', 'audit session.discard_half_made left ok',
  ]);
  await sweeps.stop();
});
