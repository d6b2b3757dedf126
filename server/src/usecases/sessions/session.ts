import type { Logger } from 'pino';
import {
  initialConnection, transition, type ConnectionEffect, type ConnectionEvent, type ConnectionState,
} from '../../domain/instances/connection.js';
import type { Clock, Random } from '../../ports/clock.js';
import type { Account, SocketHandlers, WhatsAppClient, WhatsAppSocket } from '../../ports/whatsapp-client.js';

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
}

/** What the traffic of a session goes to. */
export type Traffic = Pick<SocketHandlers, 'onMessage' | 'onServerAck' | 'onReceipt' | 'onCaughtUp'>;

export interface SessionParts {
  instanceId: string;
  client: WhatsAppClient;
  clock: Clock;
  random: Random;
  logger: Logger;
  traffic: Traffic;
  /** Called after every change that a user could see, in order. */
  onChange: (view: SessionView) => void;
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
  #cancelWatch = () => {};
  #cancelReconnect = () => {};
  #effects: Promise<void> = Promise.resolve();
  readonly #waiters = new Set<() => void>();
  readonly #parts: SessionParts;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#state = initialConnection(parts.initial.status, parts.initial.reason);
  }

  view(): SessionView {
    return { connection: this.#state, qr: this.#qr, account: this.#account, connectedAt: this.#connectedAt, lastSeen: this.#lastSeen };
  }

  /** The socket of a connected session; null in every other state. */
  get socket(): WhatsAppSocket | null {
    return this.#state.status === 'CONNECTED' ? this.#socket : null;
  }

  /** The socket that shows a QR, for a pairing code. */
  get pairingSocket(): WhatsAppSocket | null {
    return this.#state.status === 'QR_READY' ? this.#socket : null;
  }

  /** Feeds one event to the state machine. Resolves when its effects are done. */
  dispatch(event: ConnectionEvent): Promise<void> {
    const before = this.#state;
    const { state, effects } = transition(before, event);
    this.#state = state;
    if (state.status !== 'QR_READY') this.#qr = null;
    if (state.status === 'CONNECTED' && before.status !== 'CONNECTED') this.#connectedAt = this.#parts.clock.now();
    if (state !== before) this.#changed(before);
    for (const effect of effects) this.#effects = this.#effects.then(() => this.#run(effect));
    return this.#effects;
  }

  /** Resolves when `done` holds, or after `timeoutMs`; answers whether it held. */
  waitFor(done: (view: SessionView) => boolean, timeoutMs: number): Promise<boolean> {
    if (done(this.view())) return Promise.resolve(true);
    return new Promise(resolve => {
      const settle = (held: boolean) => {
        this.#waiters.delete(check);
        cancel();
        resolve(held);
      };
      const check = () => {
        if (done(this.view())) settle(true);
      };
      const cancel = this.#parts.clock.after(timeoutMs, () => settle(false));
      this.#waiters.add(check);
    });
  }

  #changed(before: ConnectionState | null): void {
    const { logger, instanceId } = this.#parts;
    const { status, reason } = this.#state;
    if (before && (before.status !== status || before.reason !== reason)) logger.info({ instanceId, status, reason }, 'instance status changed');
    this.#parts.onChange(this.view());
    for (const check of [...this.#waiters]) check();
  }

  async #run(effect: ConnectionEffect): Promise<void> {
    const { client, clock, instanceId, logger } = this.#parts;
    try {
      switch (effect.type) {
        case 'open': return await this.#open(effect.socket);
        case 'teardown': return await this.#teardown();
        case 'wipe': return await client.wipeSession(instanceId, this.#parts.traffic.onMessage);
        case 'discard-half-made': return await client.discardHalfMadeSession(instanceId);
        case 'watch': {
          this.#cancelWatch();
          const { socket } = this.#state;
          this.#cancelWatch = clock.after(effect.afterMs, () => void this.dispatch({ type: 'timeout', socket }));
          return;
        }
        case 'unwatch': return this.#cancelWatch();
        case 'reconnect': {
          const { socket } = this.#state;
          const spread = effect.afterMs * JITTER * (this.#parts.random.float() * 2 - 1);
          this.#cancelReconnect = clock.after(effect.afterMs + spread, () => void this.dispatch({ type: 'retry', socket }));
          return;
        }
      }
    } catch (err) {
      logger.error({ err, instanceId, effect: effect.type }, 'a step of the connection failed');
    }
  }

  async #open(number: number): Promise<void> {
    if (this.#state.socket !== number) return;
    const { client, instanceId, logger } = this.#parts;
    try {
      const socket = await client.open(instanceId, this.#handlers(number));
      if (this.#state.socket === number) this.#socket = socket;
      else await socket.close();
    } catch (err) {
      logger.warn({ err, instanceId }, 'no connection could be opened');
      void this.dispatch({ type: 'closed', socket: number, cause: 'timed_out' });
    }
  }

  async #teardown(): Promise<void> {
    this.#cancelWatch();
    this.#cancelReconnect();
    const socket = this.#socket;
    this.#socket = null;
    await socket?.close();
  }

  #handlers(number: number): SocketHandlers {
    const { clock, logger, instanceId, traffic } = this.#parts;
    return {
      ...traffic,
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
