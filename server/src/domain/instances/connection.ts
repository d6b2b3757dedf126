import type { SessionEnd } from './backup.js';
import type { InstanceStatus } from './instance.js';
import type { ReasonCode } from './reasons.js';
import { reconnectDelayMs, type CloseCause } from './reconnect-policy.js';

/** Who gave a pairing up that nobody finished: its own timer, the sweep that stands behind that, or a person. */
export type ExpiredBy = 'timer' | 'sweep' | 'request';


/** A socket that showed neither a QR nor a login by then hangs (an upgrade answered 403 emits nothing at all). */
export const CONNECT_WATCHDOG_MS = 20_000;
/** From the accepted scan to the login of the linked device. */
export const LINKING_TIMEOUT_MS = 45_000;
/** A pairing whose connection keeps failing is not retried for ever: nobody may be watching. */
export const MAX_PAIRING_FAILURES = 5;

const NO_FAILURES = { failures: 0, restarted: false } as const;

/** What an installation may set. */
export interface ConnectionLimits {
  /** A QR that nobody scanned by then is given up. */
  pairingTimeoutMs: number;
}

/** Requirement B4. */
export const DEFAULT_LIMITS: ConnectionLimits = { pairingTimeoutMs: 120_000 };

/** The life of one instance's connection. Pure data; `transition` is the only writer. */
export interface ConnectionState {
  status: InstanceStatus;
  reason: ReasonCode;
  /** Number of the socket made last; what older sockets still say is ignored. */
  socket: number;
  /** Whether that socket is alive. */
  live: boolean;
  /** Whether good credentials are stored. */
  paired: boolean;
  /** Failures since the last success. */
  failures: number;
  /** Whether it restarted at once since then, as WhatsApp asks for after each pairing. */
  restarted: boolean;
}

export type ConnectionEvent =
  | { type: 'connect'; paired: boolean }
  | { type: 'disconnect'; reason: Extract<ReasonCode, 'disconnected_by_user' | 'deleted' | 'gateway_stopped' | 'cleaned_up'> }
  /** The session is to be deleted; `confirmed`: WhatsApp was told, and has unlinked the device. */
  | { type: 'unlinked'; confirmed: boolean }
  /** The session was replaced by that of a backup. */
  | { type: 'restored' }
  | { type: 'qr'; socket: number }
  | { type: 'paired'; socket: number }
  | { type: 'open'; socket: number }
  /** `pauseMs`: the connection was lost too often; where it would come back by itself it stays away that long. */
  | { type: 'closed'; socket: number; cause: CloseCause; pauseMs?: number }
  | { type: 'timeout'; socket: number }
  /** Nobody finishes this pairing any more. Changes nothing where none is open. */
  | { type: 'expire'; by: ExpiredBy }
  | { type: 'retry'; socket: number };

export type ConnectionEffect =
  /** Opens socket number `socket` with the stored session, or for pairing. */
  | { type: 'open'; socket: number }
  /** Closes and forgets the socket, and cancels every timer. */
  | { type: 'teardown' }
  /** Deletes the session, and keeps a backup of a good one. */
  | { type: 'wipe'; end: SessionEnd }
  /** Deletes the session if it was never fully paired. */
  | { type: 'discard-half-made' }
  /** Says `timeout` after that time unless cancelled; replaces the timer before. */
  | { type: 'watch'; afterMs: number }
  | { type: 'unwatch' }
  /** Says `retry` after that time. */
  | { type: 'reconnect'; afterMs: number };

export interface Transition { state: ConnectionState; effects: ConnectionEffect[] }

export function initialConnection(status: InstanceStatus, reason: ReasonCode): ConnectionState {
  return { status, reason, socket: 0, live: false, paired: false, ...NO_FAILURES };
}

/** Whether a pairing is open: somebody has yet to scan. */
export function isPending({ status, paired }: Pick<ConnectionState, 'status' | 'paired'>): boolean {
  return status === 'QR_READY' || (status === 'CONNECTING' && !paired);
}

/** Whether there is no connection, and none that comes back by itself. */
export function isAtRest({ status }: Pick<ConnectionState, 'status'>): boolean {
  return status === 'DISCONNECTED' || status === 'LOGGED_OUT';
}

/**
 * The connection's life: what an event makes of a state, and what has to be done about it. Events of an older socket
 * change nothing. A socket that only shows a QR is never CONNECTED, and a QR only stands while its socket lives.
 */
export function transition(state: ConnectionState, event: ConnectionEvent, { pairingTimeoutMs }: ConnectionLimits = DEFAULT_LIMITS): Transition {
  if ('socket' in event && event.socket !== state.socket) return { state, effects: [] };
  switch (event.type) {
    case 'connect': return connect(state, event.paired);
    case 'disconnect': return ended(state, state.status === 'LOGGED_OUT' ? 'LOGGED_OUT' : 'DISCONNECTED', state.status === 'LOGGED_OUT' ? state.reason : event.reason, [discardIf(!state.paired)]);
    case 'unlinked': return ended({ ...state, paired: false }, 'LOGGED_OUT', 'logged_out', [{ type: 'wipe', end: { cause: 'logout', unlinked: event.confirmed } }]);
    case 'restored': return ended({ ...state, paired: true }, 'DISCONNECTED', 'restored');
    case 'qr': return state.live
      ? { state: { ...state, status: 'QR_READY', reason: 'waiting_for_scan' }, effects: state.status === 'QR_READY' ? [] : [{ type: 'watch', afterMs: pairingTimeoutMs }] }
      : { state, effects: [] };
    case 'paired': return { state: { ...state, status: 'CONNECTING', reason: 'pairing', paired: true, ...NO_FAILURES }, effects: [{ type: 'watch', afterMs: LINKING_TIMEOUT_MS }] };
    case 'open': return { state: { ...state, status: 'CONNECTED', reason: 'connected', live: true, paired: true, ...NO_FAILURES }, effects: [{ type: 'unwatch' }] };
    case 'closed': return closed({ ...state, live: false }, event.cause, event.pauseMs);
    case 'expire': return expired(state);
    case 'timeout': return timedOut(state);
    case 'retry': return state.live ? { state, effects: [] } : open(state, []);
  }
}

/** Connecting always starts clean, and never throws away good credentials. */
function connect(state: ConnectionState, paired: boolean): Transition {
  const clean: ConnectionEffect[] = [{ type: 'teardown' }, ...discardIf(!paired)];
  return open({ ...state, paired, ...NO_FAILURES, status: 'CONNECTING', reason: 'connecting' }, clean);
}

function open(state: ConnectionState, before: ConnectionEffect[]): Transition {
  const socket = state.socket + 1;
  return {
    state: { ...state, socket, live: true },
    effects: [...before, { type: 'open', socket }, { type: 'watch', afterMs: CONNECT_WATCHDOG_MS }],
  };
}

function closed(state: ConnectionState, cause: CloseCause, pauseMs?: number): Transition {
  switch (cause) {
    case 'logged_out': return ended({ ...state, paired: false }, 'LOGGED_OUT', 'logged_out', [{ type: 'wipe', end: { cause: 'logged_out', unlinked: true } }]);
    case 'replaced': return ended(state, 'DISCONNECTED', 'replaced');
    case 'banned': return ended(state, 'DISCONNECTED', 'banned');
    case 'multidevice_mismatch': return ended(state, 'DISCONNECTED', 'multidevice_mismatch');
    case 'client_outdated': return ended(state, 'DISCONNECTED', 'client_outdated', [discardIf(!state.paired)]);
    case 'qr_expired': return ended(state, 'DISCONNECTED', 'qr_expired', [discardIf(!state.paired)]);
    case 'restart_required':
    case 'connection_lost':
    case 'timed_out':
    case 'unavailable':
    case 'deaf':
    case 'server_error': return comeBack(state, cause, pauseMs);
  }
}

function comeBack(state: ConnectionState, cause: CloseCause, pauseMs?: number): Transition {
  // The first restart that WhatsApp asks for is part of a pairing, and no failure; whoever has just scanned would wait for one twice as long.
  const restarts = cause === 'restart_required' && !state.restarted && state.failures === 0;
  const delay = pauseMs ?? (restarts ? 0 : reconnectDelayMs(cause, state.failures));
  if (delay === null || (!state.paired && state.failures >= MAX_PAIRING_FAILURES)) {
    return ended(state, 'DISCONNECTED', 'pairing_failed', [discardIf(!state.paired)]);
  }
  const reason = pauseMs === undefined ? reasonAfter(state, cause) : 'flapping';
  return {
    state: { ...state, status: 'CONNECTING', reason, live: false, restarted: state.restarted || restarts, failures: restarts ? state.failures : state.failures + 1 },
    effects: [{ type: 'teardown' }, ...discardIf(!state.paired), { type: 'reconnect', afterMs: delay }],
  };
}

function reasonAfter({ status, reason }: ConnectionState, cause: CloseCause): ReasonCode {
  if (cause === 'restart_required' && status !== 'CONNECTED') return reason;
  if (status !== 'CONNECTED') return 'unreachable';
  return cause === 'deaf' ? 'deaf' : 'reconnecting';
}

function expired(state: ConnectionState): Transition {
  if (!isPending(state)) return { state, effects: [] };
  return ended(state, 'DISCONNECTED', state.status === 'QR_READY' ? 'qr_expired' : 'pairing_failed', [discardIf(!state.paired)]);
}

function timedOut(state: ConnectionState): Transition {
  if (state.status === 'QR_READY') return ended(state, 'DISCONNECTED', 'qr_expired', [discardIf(true)]);
  if (state.status === 'CONNECTING') return comeBack({ ...state, live: false }, 'timed_out');
  return { state, effects: [] };
}

/** No socket, no timer, nothing that would come back by itself. */
function ended(state: ConnectionState, status: InstanceStatus, reason: ReasonCode, after: ConnectionEffect[][] | ConnectionEffect[] = []): Transition {
  return {
    // A new number makes whatever the old socket still says an old story.
    state: { ...state, status, reason, live: false, ...NO_FAILURES, socket: state.socket + 1 },
    effects: [{ type: 'teardown' }, ...after.flat()],
  };
}

function discardIf(halfMade: boolean): ConnectionEffect[] {
  return halfMade ? [{ type: 'discard-half-made' }] : [];
}
