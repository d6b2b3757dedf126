import type { Delivery } from '../../domain/webhooks/webhook.js';
import type { DeliveryStore } from '../../ports/message-store.js';
import { attemptDelivery, type AttemptDeps } from './attempt-delivery.js';
import { createReceiverGates, DEFAULT_GATE_LIMITS, type GateLimits } from './receiver-gates.js';

/** Rows asked for at once, beyond those that are on their way already. */
const BATCH = 64;
/** Deliveries of one lane in a row before others of the same webhook get their turn. */
const LANE_TURN = 32;
/** Nothing relies on this; it bounds the harm of a clock that was set, or of a wake-up that another process owed. */
const LONGEST_SLEEP_MS = 30_000;
/** Pause after the store failed. */
const STORE_PAUSE_MS = 1_000;
/** What is under way at `stop` has that long to end by itself. */
const STOP_WITHIN_MS = 5_000;

export interface DispatcherDeps extends AttemptDeps {
  deliveries: Pick<DeliveryStore, 'settle' | 'due' | 'nextInLane' | 'nextDueAt'>;
  limits?: GateLimits;
}

export interface DeliveryDispatcher {
  /** Takes up everything that is pending. */
  start(): void;
  /** Lets posts that are under way end, for 5 s, then gives them up; their rows stay pending. */
  stop(): Promise<void>;
  /**
   * To be called after deliveries were written.
   * @param forgiven a webhook that somebody changed or replayed to: earlier failures are no longer held against it
   */
  wake(forgiven?: string): void;
}

/**
 * Brings deliveries to their receivers. One lane of a webhook has one post under way at most, and goes on only after
 * the one before was delivered or given up, so its order is kept; lanes and webhooks do not wait for each other.
 *
 * Works in rounds: takes what is due, starts what may start, sleeps until the next row is due or a pause is over. A
 * lane that ends starts a round when the last one had to leave something behind.
 */
export function createDeliveryDispatcher(deps: DispatcherDeps): DeliveryDispatcher {
  const { deliveries, clock, logger } = deps;
  const limits = deps.limits ?? DEFAULT_GATE_LIMITS;
  const gates = createReceiverGates(limits);
  const lanes = new Map<string, Promise<void>>();
  let life: AbortController | null = null;
  let stopping: Promise<void> | null = null;
  let cancelSleep = () => {};
  let rounding: Promise<void> | null = null;
  let roundAgain = false;
  let leftBehind = false;

  function start(): void {
    if (stopping !== null) void stopping.then(start);
    else if (life === null) {
      life = new AbortController();
      wake();
    }
  }

  function wake(forgiven?: string): void {
    if (forgiven !== undefined) gates.forgive(forgiven);
    if (life === null || stopping !== null) return;
    roundAgain = true;
    rounding ??= rounds().finally(() => { rounding = null; });
  }

  async function rounds(): Promise<void> {
    cancelSleep();
    let sleepUntil = 0;
    while (roundAgain && stopping === null) {
      roundAgain = false;
      try {
        sleepUntil = await round(clock.now());
      } catch (err) {
        logger.error({ err, retryInMs: STORE_PAUSE_MS }, 'Reading due deliveries failed');
        sleepUntil = clock.now() + STORE_PAUSE_MS;
      }
    }
    if (stopping === null) cancelSleep = clock.after(Math.max(0, sleepUntil - clock.now()), wake);
  }

  /** Starts what can be started; answers until when there is nothing more to do (epoch milliseconds). */
  async function round(now: number): Promise<number> {
    const exclude = gates.closed(now);
    const limit = gates.taken() + BATCH;
    const rows = await deliveries.due(now, { limit, perWebhook: limits.perWebhook, exclude });
    const started = stopping === null ? rows.filter(row => startLane(row, now)).length : 0;
    leftBehind = started < rows.length || gates.closed(now).length > 0;
    // A full answer may have hidden more; a round that started nothing gains nothing from another look.
    if (rows.length === limit && started > 0) roundAgain = true;
    const [nextDue, nextOpening] = [await deliveries.nextDueAt(now), gates.nextOpening(now)];
    return Math.min(nextDue ?? Infinity, nextOpening ?? Infinity, now + LONGEST_SLEEP_MS);
  }

  function startLane(first: Delivery, now: number): boolean {
    const key = JSON.stringify([first.webhookId, first.lane]);
    if (life === null || lanes.has(key) || !gates.enter(first.webhookId, now)) return false;
    const running = runLane(first, life.signal).then(again => {
      lanes.delete(key);
      gates.release(first.webhookId);
      if (again || leftBehind) wake();
    });
    lanes.set(key, running);
    return true;
  }

  /** Delivers along one lane while all goes well. Answers whether something may be left to do. */
  async function runLane(first: Delivery, signal: AbortSignal): Promise<boolean> {
    const { webhookId, lane } = first;
    try {
      let next: Delivery | null = first;
      for (let turn = 0; next !== null && turn < LANE_TURN && stopping === null; turn++) {
        if (next.nextAttemptAt > clock.now()) return true;
        const { end, mood, pauseUntil } = await attemptDelivery(deps, next, signal);
        gates.note(webhookId, mood);
        if (pauseUntil !== null) gates.pause(webhookId, pauseUntil);
        if (end !== 'delivered') return true;
        next = await deliveries.nextInLane(webhookId, lane);
      }
      return next !== null;
    } catch (err) {
      logger.error({ err, webhookId, retryInMs: STORE_PAUSE_MS }, 'A delivery was interrupted');
      gates.pause(webhookId, clock.now() + STORE_PAUSE_MS);
      return true;
    }
  }

  function stop(): Promise<void> {
    if (stopping !== null) return stopping;
    const ending = life;
    if (ending === null) return Promise.resolve();
    cancelSleep();
    const cancelBound = clock.after(STOP_WITHIN_MS, () => ending.abort());
    stopping = (async () => {
      await rounding;
      await Promise.all(lanes.values());
      cancelBound();
      life = null;
      stopping = null;
    })();
    return stopping;
  }

  return { start, stop, wake };
}
