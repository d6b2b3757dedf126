import { createSessionCounter, type SessionMetrics } from '@gateway/usecases/observe/count-session-facts.js';
import type { SessionFact } from '@gateway/usecases/sessions/observe-session.js';
import { expect, test } from 'vitest';

type Fact = SessionFact extends infer One ? One extends SessionFact ? Omit<One, 'instanceId'> : never : never;

/** What the facts, all of one instance, are counted as. */
function counted(...facts: Fact[]): string[] {
  const said: string[] = [];
  const metrics: SessionMetrics = {
    connectEnded: (phase, outcome) => said.push(`${phase} ${outcome}`), connectTook: (phase, ms) => said.push(`${phase} took ${ms}`),
    connectionClosed: cause => said.push(`closed ${cause}`), reconnectScheduled: cause => said.push(`again ${cause}`),
    pairingExpired: () => said.push('expired'), sessionDeaf: () => said.push('deaf'), sessionFlapping: () => said.push('flapping'),
  };
  const count = createSessionCounter(metrics);
  for (const fact of facts) count({ instanceId: 'one', ...fact } as SessionFact);
  return said;
}

const started = (paired: boolean, again = false): Fact => ({ type: 'connect_started', paired, again });
const closed = (cause: (SessionFact & { type: 'closed' })['cause'], wasConnected = false): Fact => ({ type: 'closed', cause, wasConnected });

test('a pairing is two stretches, with the scan between them, and the restart that WhatsApp demands is no failure', () => {
  expect(counted(
    started(false), { type: 'qr_shown', afterMs: 700 }, { type: 'scanned', afterMs: 9_000 }, closed('restart_required'),
    { type: 'reconnect_scheduled', cause: 'restart_required', delayMs: 0 }, started(true, true), { type: 'opened', afterMs: 1_200, since: 'scanned' },
  )).toEqual(['qr ok', 'qr took 700', 'closed restart_required', 'again restart_required', 'link ok', 'link took 1200']);
});

test('each attempt of a connection that cannot be made has failed', () => {
  expect(counted(
    started(true), closed('timed_out'), { type: 'reconnect_scheduled', cause: 'timed_out', delayMs: 2_000 }, started(true, true), closed('unavailable'), started(true, true), { type: 'opened', afterMs: 300, since: 'connect_started' },
  )).toEqual(['closed timed_out', 'resume failed', 'again timed_out', 'closed unavailable', 'resume failed', 'resume ok', 'resume took 300']);
});

test('a QR that nobody scans is no failure, nor is a connection that is lost later', () => {
  expect(counted(started(false), { type: 'qr_shown', afterMs: 1 }, closed('qr_expired'), { type: 'expired', by: 'timer', reason: 'qr_expired' })).toEqual(['qr ok', 'qr took 1', 'closed qr_expired', 'expired']);
  expect(counted(started(true), { type: 'opened', afterMs: 2, since: 'connect_started' }, { type: 'deaf' }, closed('connection_lost', true), { type: 'flapping', pauseMs: 1 })).toEqual(['resume ok', 'resume took 2', 'deaf', 'closed connection_lost', 'flapping']);
});

test('what somebody ended says nothing about connections', () => {
  expect(counted(started(true), closed('logged_out'))).toEqual(['closed logged_out', 'resume cancelled']);
  expect(counted(started(false), started(false))).toEqual(['qr cancelled']);
});
