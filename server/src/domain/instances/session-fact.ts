import type { ConnectionEvent, ConnectionState, ExpiredBy, Transition } from './connection.js';
import type { ReasonCode } from './reasons.js';
import type { CloseCause } from './reconnect-policy.js';

/** Something that happened to the connection of one instance, for whoever counts. It is no event for users. */
export type ConnectionFact =
  /** A socket is being opened; `again`: by itself, after one that failed or was lost. */
  | { type: 'connect_started'; paired: boolean; again: boolean }
  /** The first QR code of a pairing. */
  | { type: 'qr_shown' }
  /** The code was accepted on the phone. */
  | { type: 'scanned' }
  | { type: 'opened' }
  /** A connection was lost (`wasConnected`), or an attempt to make one failed. */
  | { type: 'closed'; cause: CloseCause; wasConnected: boolean }
  | { type: 'reconnect_scheduled'; cause: CloseCause; delayMs: number }
  /** Connected, and nothing that was asked was answered. `closed` with the same cause follows. */
  | { type: 'deaf' }
  /** It lost its connection too often in too short a time, and now pauses. */
  | { type: 'flapping'; pauseMs: number }
  /** A pairing that nobody finished was given up. */
  | { type: 'expired'; by: ExpiredBy; reason: ReasonCode };

/** What one step of the connection's life comes to, in order; nothing for what changed nothing. */
export function factsOf(before: ConnectionState, event: ConnectionEvent, { state, effects }: Transition): ConnectionFact[] {
  if (state === before && effects.length === 0) return [];
  const opens = effects.some(effect => effect.type === 'open');
  const delay = effects.flatMap(effect => (effect.type === 'reconnect' ? [effect.afterMs] : []))[0];
  switch (event.type) {
    case 'connect': return [{ type: 'connect_started', paired: state.paired, again: false }];
    case 'retry': return opens ? [{ type: 'connect_started', paired: state.paired, again: true }] : [];
    case 'qr': return before.status === 'QR_READY' ? [] : [{ type: 'qr_shown' }];
    case 'paired': return [{ type: 'scanned' }];
    case 'open': return before.status === 'CONNECTED' ? [] : [{ type: 'opened' }];
    case 'closed': return closedFacts(before, event.cause, delay, state);
    case 'expire': return expired(state, event.by);
    case 'timeout': return state.status === 'CONNECTING' ? closedFacts(before, 'timed_out', delay, state) : expired(state, 'timer');
    case 'disconnect':
    case 'unlinked':
    case 'restored': return [];
  }
}

function closedFacts(before: ConnectionState, cause: CloseCause, delayMs: number | undefined, state: ConnectionState): ConnectionFact[] {
  return [
    ...(cause === 'deaf' ? [{ type: 'deaf' } as const] : []),
    { type: 'closed', cause, wasConnected: before.status === 'CONNECTED' },
    ...(state.reason === 'flapping' && delayMs !== undefined ? [{ type: 'flapping', pauseMs: delayMs } as const] : []),
    ...(state.reason === 'qr_expired' ? expired(state, 'timer') : []),
    ...(delayMs === undefined ? [] : [{ type: 'reconnect_scheduled', cause, delayMs } as const]),
  ];
}

function expired({ reason }: ConnectionState, by: ExpiredBy): ConnectionFact[] {
  return [{ type: 'expired', by, reason }];
}
