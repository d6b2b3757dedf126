import { describe, expect, it } from 'vitest';
import {
  DEFAULT_LIMITS, initialConnection, MAX_PAIRING_FAILURES, transition, type ConnectionEvent, type ConnectionState,
} from '@gateway/domain/instances/connection.js';
import { CLOSE_CAUSES, reconnectDelayMs } from '@gateway/domain/instances/reconnect-policy.js';

const idle = initialConnection('DISCONNECTED', 'created');

/** Plays events and answers the last step. */
function play(start: ConnectionState, ...events: ConnectionEvent[]) {
  return events.reduce((step, event) => transition(step.state, event), { state: start, effects: [] } as ReturnType<typeof transition>);
}

const pairing = play(idle, { type: 'connect', paired: false }).state;
const qrShown = play(pairing, { type: 'qr', socket: pairing.socket }).state;
const connected = play(idle, { type: 'connect', paired: true }, { type: 'open', socket: 1 }).state;

describe('connection life', () => {
  it('starts clean: tears down and drops half-made credentials, but never good ones', () => {
    expect(play(idle, { type: 'connect', paired: false }).effects.map(effect => effect.type)).toEqual(['teardown', 'discard-half-made', 'open', 'watch']);
    expect(play(connected, { type: 'connect', paired: true }).effects.map(effect => effect.type)).toEqual(['teardown', 'open', 'watch']);
  });

  it('shows a QR only while its socket lives, and never as connected', () => {
    expect(qrShown).toMatchObject({ status: 'QR_READY', live: true });
    const after = play(qrShown, { type: 'closed', socket: qrShown.socket, cause: 'connection_lost' }).state;
    expect(after).toMatchObject({ status: 'CONNECTING', live: false });
    expect(play(after, { type: 'qr', socket: after.socket }).state).toEqual(after);
  });

  it('ignores what an older socket says', () => {
    const again = play(connected, { type: 'connect', paired: true }).state;
    for (const event of [{ type: 'closed', socket: 1, cause: 'logged_out' }, { type: 'open', socket: 1 }, { type: 'timeout', socket: 1 }, { type: 'retry', socket: 1 }] as const) {
      expect(transition(again, event)).toEqual({ state: again, effects: [] });
    }
  });

  it('goes through a pairing: QR, scanned, restart at once, connected', () => {
    const scanned = play(qrShown, { type: 'paired', socket: qrShown.socket });
    expect(scanned.state).toMatchObject({ status: 'CONNECTING', reason: 'pairing', paired: true });
    const closed = play(scanned.state, { type: 'closed', socket: qrShown.socket, cause: 'restart_required' });
    expect(closed.effects).toEqual([{ type: 'teardown' }, { type: 'reconnect', afterMs: 0 }]);
    const reopened = play(closed.state, { type: 'retry', socket: closed.state.socket });
    expect(reopened.effects[0]).toEqual({ type: 'open', socket: closed.state.socket + 1 });
    expect(play(reopened.state, { type: 'open', socket: reopened.state.socket }).state).toMatchObject({ status: 'CONNECTED', failures: 0 });
  });

  it('gives a QR up that nobody scans', () => {
    expect(play(pairing, { type: 'qr', socket: pairing.socket }).effects).toEqual([{ type: 'watch', afterMs: DEFAULT_LIMITS.pairingTimeoutMs }]);
    for (const event of [{ type: 'timeout', socket: qrShown.socket }, { type: 'closed', socket: qrShown.socket, cause: 'qr_expired' }] as const) {
      const end = play(qrShown, event);
      expect(end.state).toMatchObject({ status: 'DISCONNECTED', reason: 'qr_expired', live: false });
      expect(end.effects.map(effect => effect.type)).toEqual(['teardown', 'discard-half-made']);
    }
  });

  it('backs off by cause, and keeps credentials whatever the network does', () => {
    let state = connected;
    const delays: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      const step = play(state, { type: 'closed', socket: state.socket, cause: 'connection_lost' });
      expect(step.effects.map(effect => effect.type)).toEqual(['teardown', 'reconnect']);
      delays.push(...step.effects.flatMap(effect => (effect.type === 'reconnect' ? [effect.afterMs] : [])));
      state = play(step.state, { type: 'retry', socket: step.state.socket }).state;
    }
    expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  });

  it.each([
    ['replaced', 'DISCONNECTED', []],
    ['banned', 'DISCONNECTED', []],
    ['multidevice_mismatch', 'DISCONNECTED', []],
    ['client_outdated', 'DISCONNECTED', []],
    ['logged_out', 'LOGGED_OUT', ['wipe']],
  ] as const)('does not come back by itself after %s', (cause, status, effects) => {
    const end = play(connected, { type: 'closed', socket: connected.socket, cause });
    expect(end.state).toMatchObject({ status, reason: cause, live: false });
    expect(end.effects.map(effect => effect.type)).toEqual(['teardown', ...effects]);
    expect(reconnectDelayMs(cause, 0)).toBeNull();
  });

  it('wipes for a log-out only', () => {
    for (const cause of CLOSE_CAUSES.filter(name => name !== 'logged_out')) {
      const { effects } = play(connected, { type: 'closed', socket: connected.socket, cause });
      expect(effects.map(effect => effect.type), cause).not.toContain('wipe');
      expect(effects.map(effect => effect.type), cause).not.toContain('discard-half-made');
    }
  });

  it('stops a pairing whose connection keeps failing', () => {
    let state = pairing;
    for (let round = 0; round < MAX_PAIRING_FAILURES; round += 1) {
      state = play(state, { type: 'timeout', socket: state.socket }).state;
      expect(state.status).toBe('CONNECTING');
      state = play(state, { type: 'retry', socket: state.socket }).state;
    }
    expect(play(state, { type: 'timeout', socket: state.socket }).state).toMatchObject({ status: 'DISCONNECTED', reason: 'pairing_failed' });
  });

  it('says that WhatsApp cannot be reached when an attempt fails, and that it reconnects when a connection is lost', () => {
    const lost = play(connected, { type: 'closed', socket: connected.socket, cause: 'connection_lost' }).state;
    expect(lost.reason).toBe('reconnecting');
    const again = play(lost, { type: 'retry', socket: lost.socket }).state;
    expect(play(again, { type: 'closed', socket: again.socket, cause: 'timed_out' }).state.reason).toBe('unreachable');
    expect(play(pairing, { type: 'closed', socket: pairing.socket, cause: 'timed_out' }).state.reason).toBe('unreachable');
  });

  it('treats a connect that hangs like a lost one', () => {
    const hanging = play(idle, { type: 'connect', paired: true });
    expect(hanging.effects.at(-1)).toMatchObject({ type: 'watch' });
    expect(play(hanging.state, { type: 'timeout', socket: hanging.state.socket }).effects.map(effect => effect.type)).toEqual(['teardown', 'reconnect']);
  });

  it('comes back at once after the restart that WhatsApp asks for, and with back-off when it asks again and again', () => {
    let state = connected;
    const delays: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      const step = play(state, { type: 'closed', socket: state.socket, cause: 'restart_required' });
      delays.push(...step.effects.flatMap(effect => (effect.type === 'reconnect' ? [effect.afterMs] : [])));
      state = play(step.state, { type: 'retry', socket: step.state.socket }).state;
    }
    expect(delays).toEqual([0, 1_000, 2_000, 4_000]);
  });

  it('takes the restart that WhatsApp asks for for no failure: a log-in that is refused after it waits no longer than any first one', () => {
    const restarted = play(qrShown, { type: 'paired', socket: qrShown.socket }, { type: 'closed', socket: qrShown.socket, cause: 'restart_required' }, { type: 'retry', socket: qrShown.socket });
    const refused = play(restarted.state, { type: 'closed', socket: restarted.state.socket, cause: 'unavailable' });
    expect(refused.effects).toEqual([{ type: 'teardown' }, { type: 'reconnect', afterMs: reconnectDelayMs('unavailable', 0) }]);
    // It restarts at once no second time, and the next success makes good.
    const again = play(refused.state, { type: 'retry', socket: refused.state.socket });
    expect(play(again.state, { type: 'closed', socket: again.state.socket, cause: 'restart_required' }).effects.at(-1)).toEqual({ type: 'reconnect', afterMs: 2_000 });
    const up = play(again.state, { type: 'open', socket: again.state.socket });
    expect(play(up.state, { type: 'closed', socket: up.state.socket, cause: 'restart_required' }).effects.at(-1)).toEqual({ type: 'reconnect', afterMs: 0 });
  });

  it('restarts a deaf connection and says so', () => {
    const deaf = play(connected, { type: 'closed', socket: connected.socket, cause: 'deaf' });
    expect(deaf.state).toMatchObject({ status: 'CONNECTING', reason: 'deaf' });
    expect(deaf.effects).toEqual([{ type: 'teardown' }, { type: 'reconnect', afterMs: 1_000 }]);
  });

  it('pauses when it was lost too often, and stops for good all the same where coming back would do harm', () => {
    const paused = play(connected, { type: 'closed', socket: connected.socket, cause: 'connection_lost', pauseMs: 600_000 });
    expect(paused.state).toMatchObject({ status: 'CONNECTING', reason: 'flapping' });
    expect(paused.effects).toEqual([{ type: 'teardown' }, { type: 'reconnect', afterMs: 600_000 }]);
    expect(play(paused.state, { type: 'retry', socket: paused.state.socket }).effects[0]?.type).toBe('open');
    expect(play(connected, { type: 'closed', socket: connected.socket, cause: 'replaced', pauseMs: 600_000 }).state).toMatchObject({ status: 'DISCONNECTED', reason: 'replaced' });
  });

  it('gives up an open pairing when told to, whatever it is at, and nothing else', () => {
    const lost = play(qrShown, { type: 'closed', socket: qrShown.socket, cause: 'connection_lost' }).state;
    const expired = [pairing, qrShown, lost].map(state => play(state, { type: 'expire', by: 'sweep' }));
    expect(expired.map(({ state }) => [state.status, state.reason])).toEqual([['DISCONNECTED', 'pairing_failed'], ['DISCONNECTED', 'qr_expired'], ['DISCONNECTED', 'pairing_failed']]);
    for (const { effects } of expired) expect(effects.map(effect => effect.type)).toEqual(['teardown', 'discard-half-made']);
    const reconnecting = play(connected, { type: 'closed', socket: connected.socket, cause: 'connection_lost' }).state;
    const scanned = play(qrShown, { type: 'paired', socket: qrShown.socket }).state;
    for (const state of [idle, connected, reconnecting, scanned]) expect(play(state, { type: 'expire', by: 'sweep' })).toEqual({ state, effects: [] });
  });

  it('stays logged out when it is told to disconnect, and disconnected when the user said so', () => {
    const out = play(connected, { type: 'unlinked', confirmed: true });
    expect(out.effects.map(effect => effect.type)).toEqual(['teardown', 'wipe']);
    expect(play(out.state, { type: 'disconnect', reason: 'gateway_stopped' }).state).toMatchObject({ status: 'LOGGED_OUT', reason: 'logged_out' });
    const off = play(connected, { type: 'disconnect', reason: 'disconnected_by_user' });
    expect(off.state).toMatchObject({ status: 'DISCONNECTED', reason: 'disconnected_by_user', paired: true });
    expect(off.effects.map(effect => effect.type)).toEqual(['teardown']);
  });
});
