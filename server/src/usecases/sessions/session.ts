import type { Logger } from 'pino';
import { isDomainError, isPassing } from '../../domain/errors.js';
import type { SessionEnd } from '../../domain/instances/backup.js';
import {
  initialConnection, isPending, transition, type ConnectionEffect, type ConnectionEvent, type ConnectionLimits, type ConnectionState,
} from '../../domain/instances/connection.js';
import { createFlapWatch, type FlappingLimits, type FlapWatch } from '../../domain/instances/flapping.js';
import type { ReasonCode } from '../../domain/instances/reasons.js';
import { reconnectDelayMs } from '../../domain/instances/reconnect-policy.js';
import type { Tenure } from '../../domain/instances/tenure.js';
import type { Clock, Random } from '../../ports/clock.js';
import type { Account, SocketHandlers, WhatsAppClient, WhatsAppSocket } from '../../ports/whatsapp-client.js';
import { createFactReporter, type SessionObserver } from './observe-session.js';
import { createSessionTimers } from './session-timers.js';
import { createWaiters } from './waiters.js';

/** Reconnects are spread by this share of their delay, so that many instances do not come back in one moment. */
const JITTER = 0.25;

export interface ShownQr { text: string; madeAt: number; expiresAt: number }

/** What a session is right now. */
export interface SessionView {
  connection: Readonly<ConnectionState>;
  qr: ShownQr | null;
  account: Account | null;
  connectedAt: number | null;
  lastSeen: number | null;
  /** Since when it is in its status. Epoch milliseconds, as all times here. */
  since: number;
  /** Since when a pairing is open: its first QR, or the call of connect before there is one. null when none is. */
  pendingSince: number | null;
}

/** How sessions are treated. */
export interface SessionLimits extends ConnectionLimits { flapping: FlappingLimits }

/** What a session was taken apart into. */
export interface SessionPieces {
  /** To be closed by whoever took it apart. */
  socket: WhatsAppSocket | null;
  /** A socket was being made; it is closed as soon as it is there. */
  wasOpening: boolean;
  /** A timer ran, or was about to. */
  hadTimers: boolean;
  hadQr: boolean;
}

/** What the traffic of a session goes to. */
export type Traffic = Pick<SocketHandlers, 'onMessage' | 'onServerAck' | 'onReceipt' | 'onCaughtUp'>;

export interface SessionParts {
  tenure: Tenure;
  client: WhatsAppClient;
  clock: Clock;
  random: Random;
  logger: Logger;
  traffic: Traffic;
  /** Called after every change that a user could see, in order. */
  onChange: (view: SessionView) => void;
  observe: SessionObserver;
  limits: SessionLimits;
  initial: Pick<ConnectionState, 'status' | 'reason'>;
}

/**
 * The life of one instance's connection at run time: feeds events to the pure state machine and carries out its effects, one
 * after the other. It holds at most one socket.
 */
export class Session {
  #state: ConnectionState;
  #qr: ShownQr | null = null;
  #account: Account | null = null;
  #connectedAt: number | null = null;
  #lastSeen: number | null = null;
  #socket: WhatsAppSocket | null = null;
  #since: number;
  #pendingSince: number | null = null;
  #effects: Promise<void> = Promise.resolve();
  #ended = false;
  #isAbandoned = false;
  #hasShownCode = false;
  #letGo = () => {};
  /** Resolves when it was taken apart: then nobody waits for what it hangs in. */
  readonly #abandoned = new Promise<void>(resolve => { this.#letGo = resolve; });
  readonly #waiters;
  readonly #timers;
  readonly #flaps: FlapWatch;
  readonly #parts: SessionParts & { instanceId: string };
  readonly #report: ReturnType<typeof createFactReporter>;

  constructor(parts: SessionParts) {
    this.#parts = { ...parts, instanceId: parts.tenure.instanceId };
    this.#state = initialConnection(parts.initial.status, parts.initial.reason);
    this.#since = parts.clock.now();
    this.#waiters = createWaiters(() => this.view(), parts.clock);
    this.#timers = createSessionTimers<'watch' | 'reconnect'>(parts.clock);
    this.#flaps = createFlapWatch(parts.limits.flapping);
    this.#report = createFactReporter(parts.tenure.instanceId, parts.observe, parts.clock);
  }

  view(): SessionView {
    return {
      connection: this.#state, qr: this.#qr, account: this.#account, connectedAt: this.#connectedAt, lastSeen: this.#lastSeen,
      since: this.#since, pendingSince: this.#pendingSince,
    };
  }

  /** The time in which this process may act for the instance. */
  get tenure(): Tenure {
    return this.#parts.tenure;
  }

  /** The socket of a connected session; null in every other state. */
  get socket(): WhatsAppSocket | null {
    return this.#state.status === 'CONNECTED' ? this.#socket : null;
  }

  /** The socket that shows a QR, for a pairing code. */
  get pairingSocket(): WhatsAppSocket | null {
    return this.#state.status === 'QR_READY' ? this.#socket : null;
  }

  /** When an open pairing is given up at the earliest; null when none is open. */
  get pairingEndsAt(): number | null {
    return this.#pendingSince === null ? null : this.#pendingSince + this.#parts.limits.pairingTimeoutMs;
  }

  /** Feeds one event to the state machine. Resolves when its effects are done. */
  dispatch(event: ConnectionEvent): Promise<void> {
    if (!this.#ended) {
      if (event.type === 'connect') this.#flaps.forgive();
      for (const effect of this.#step(this.#withPause(event))) this.#effects = this.#effects.then(async () => void await this.#run(effect));
    }
    return Promise.race([this.#effects, this.#abandoned]);
  }

  /** Resolves when the effects of all events so far are done. */
  effectsDone(): Promise<void> {
    return this.#effects;
  }

  /** Closes the connection for good: whatever happens to this session from now on changes nothing. */
  end(): Promise<void> {
    const ending = this.dispatch({ type: 'disconnect', reason: 'gateway_stopped' });
    this.#ended = true;
    return ending;
  }

  /**
   * Ends it for good at once, whatever it hangs in: whoever waited for it goes on, and the caller closes what is handed back. Good credentials
   * and half-made ones stay.
   */
  abandon(reason: Extract<ReasonCode, 'cleaned_up'>): SessionPieces {
    const { status, live } = this.#state;
    const waits = this.#timers.cancelAll() > 0 || (status === 'CONNECTING' && !live);
    const pieces = { socket: this.#socket, wasOpening: live && this.#socket === null, hadTimers: waits, hadQr: this.#qr !== null };
    this.#socket = null;
    if (!this.#ended) this.#step({ type: 'disconnect', reason });
    this.#ended = true;
    this.#isAbandoned = true;
    this.#letGo();
    return pieces;
  }

  /** Resolves when `done` holds, or after `timeoutMs`; answers whether it held. */
  waitFor(done: (view: SessionView) => boolean, timeoutMs: number): Promise<boolean> {
    return this.#waiters.waitFor(done, timeoutMs);
  }

  #step(event: ConnectionEvent): ConnectionEffect[] {
    const before = this.#state;
    const step = transition(before, event, this.#parts.limits);
    const { state } = step;
    this.#state = state;
    this.#note(before, event);
    if (state !== before) this.#changed(before);
    this.#report(before, event, step);
    return step.effects;
  }

  /** What goes with the state. */
  #note(before: ConnectionState, event: ConnectionEvent): void {
    const state = this.#state;
    const now = this.#parts.clock.now();
    if (state.status !== 'QR_READY') this.#qr = null;
    if (state.status !== before.status) this.#since = now;
    if (state.status === 'CONNECTED' && before.status !== 'CONNECTED') this.#connectedAt = now;
    if (event.type === 'connect') this.#hasShownCode = false;
    if (!isPending(state)) this.#pendingSince = null;
    // A code that comes after a connection was lost is no new pairing.
    else if (event.type === 'connect' || (event.type === 'qr' && !this.#hasShownCode)) this.#pendingSince = now;
    if (event.type === 'qr' && state.status === 'QR_READY') this.#hasShownCode = true;
  }

  /** A connection that stood, and would come back by itself, may have been lost too often. */
  #withPause(event: ConnectionEvent): ConnectionEvent {
    const isLoss = event.type === 'closed' && event.socket === this.#state.socket && this.#state.status === 'CONNECTED' && reconnectDelayMs(event.cause, 0) !== null;
    const pauseMs = isLoss ? this.#flaps.lost(this.#parts.clock.elapsed()) : null;
    return isLoss && pauseMs !== null ? { ...event, pauseMs } : event;
  }

  #changed(before: ConnectionState | null): void {
    const { logger, instanceId } = this.#parts;
    const { status, reason } = this.#state;
    if (before && (before.status !== status || before.reason !== reason)) logger.info({ instanceId, status, reason }, 'instance status changed');
    this.#parts.onChange(this.view());
    this.#waiters.check();
  }

  async #run(effect: ConnectionEffect): Promise<unknown> {
    const { client, instanceId, tenure, logger } = this.#parts;
    // What it was taken apart from would set timers that nobody cancels.
    if (this.#isAbandoned) return;
    try {
      switch (effect.type) {
        case 'open': return await this.#open(effect.socket);
        case 'teardown': return await this.#teardown();
        case 'wipe': return await this.#wipe(effect.end);
        case 'discard-half-made': return await client.discardHalfMadeSession(tenure);
        case 'watch': {
          const { socket } = this.#state;
          return this.#timers.set('watch', effect.afterMs, () => void this.dispatch({ type: 'timeout', socket }));
        }
        case 'unwatch': return this.#timers.cancel('watch');
        case 'reconnect': {
          const { socket } = this.#state;
          const spread = effect.afterMs * JITTER * (this.#parts.random.float() * 2 - 1);
          return this.#timers.set('reconnect', effect.afterMs + spread, () => void this.dispatch({ type: 'retry', socket }));
        }
      }
    } catch (err) {
      logger[isPassing(err) ? 'debug' : 'error']({ err, instanceId, effect: effect.type }, 'a step of the connection failed');
    }
  }

  async #wipe(end: SessionEnd): Promise<void> {
    const { client, instanceId, tenure, observe, traffic } = this.#parts;
    try {
      await client.wipeSession(tenure, traffic.onMessage, end);
      observe({ instanceId, type: 'wiped', cause: end.cause, failure: null });
    } catch (error) {
      observe({ instanceId, type: 'wiped', cause: end.cause, failure: isDomainError(error) ? error.code : 'internal_error' });
      throw error;
    }
  }

  async #open(number: number): Promise<void> {
    if (this.#state.socket !== number) return;
    const { client, instanceId, tenure, logger } = this.#parts;
    try {
      const socket = await client.open(tenure, this.#handlers(number));
      if (this.#state.socket === number) this.#socket = socket;
      else await socket.close();
    } catch (err) {
      logger[isPassing(err) ? 'debug' : 'warn']({ err, instanceId }, 'no connection could be opened');
      void this.dispatch({ type: 'closed', socket: number, cause: 'timed_out' });
    }
  }

  async #teardown(): Promise<void> {
    this.#timers.cancelAll();
    const socket = this.#socket;
    this.#socket = null;
    await socket?.close();
  }

  #handlers(number: number): SocketHandlers {
    const { clock, logger, instanceId, traffic } = this.#parts;
    return {
      ...traffic,
      isWanted: () => number === this.#state.socket,
      onQr: (text, lifetimeMs) => {
        if (number !== this.#state.socket) return;
        const now = clock.now();
        this.#qr = { text, madeAt: now, expiresAt: now + lifetimeMs };
        void this.dispatch({ type: 'qr', socket: number });
        // A further QR of the same socket changes no state, but what the user sees.
        if (this.#qr) this.#changed(null);
      },
      onPaired: () => void this.dispatch({ type: 'paired', socket: number }),
      onOpen: account => {
        if (number === this.#state.socket) this.#account = account;
        void this.dispatch({ type: 'open', socket: number });
      },
      onClose: close => {
        logger.info({ instanceId, cause: close.cause, code: close.code, detail: close.message }, 'connection closed');
        void this.dispatch({ type: 'closed', socket: number, cause: close.cause });
      },
      onActivity: () => {
        this.#lastSeen = clock.now();
      },
    };
  }
}
