import { LRUCache } from 'lru-cache';
import { isStoreAway } from '../../domain/errors.js';
import type { Delivery } from '../../domain/webhooks/webhook.js';
import type { DeliveryStore } from '../../ports/message-store.js';
import type { Ownership } from '../cluster/ownership.js';
import { createHeldDeliveries } from './held-deliveries.js';
import { worstOf, type BreakerLimits, type BreakerState, type BreakerStatus } from './receiver-breaker.js';
import { createReceiverGates, type GateLimits } from './receiver-gates.js';
import { runLane, type LaneDeps, type LaneEnd } from './run-lane.js';

/** Rows read at once, beyond those that are on their way already. */
const READ_AT_ONCE = 64;
/** Rows of one webhook read ahead: twice what may be under way, so that the store is not asked for each. */
const READ_AHEAD = 16;
/** Nothing relies on this; it bounds the harm of a clock that was set, or of a wake-up that another process owed. */
const LONGEST_SLEEP_MS = 30_000;
/** Pause after the store failed. */
const STORE_PAUSE_MS = 1_000;
/** What is under way at `stop` has that long to end by itself. */
const STOP_WITHIN_MS = 5_000;
/** Webhooks of which it is remembered whose they are. */
const REMEMBERED = 100_000;
/** The same for an instance that is left to another node, which waits for it. */
const LEAVE_WITHIN_MS = 1_500;

export interface DispatcherDeps extends LaneDeps {
  deliveries: Pick<DeliveryStore, 'settle' | 'due' | 'nextDueAt' | 'bringForward'>;
  limits?: GateLimits;
  breaker?: BreakerLimits;
  /** Nothing is posted for an instance that this process does not own, or is leaving. Without it all are its own. */
  ownership?: Pick<Ownership, 'holds'>;
}

export interface DeliveryDispatcher {
  /** Takes up everything that is pending. */
  start(): void;
  /** Lets posts that are under way end, for 5 s, then gives them up; their rows stay pending. */
  stop(): Promise<void>;
  /**
   * To be called after deliveries were written.
   * @param changed a webhook that somebody changed or replayed to: what was known of it is forgotten, failures too
   */
  wake(changed?: string): void;
  /**
   * The instance is about to be another node's: nothing of it is begun any more, and posts under way have 1.5 s to end before they are given
   * up. Resolves when none is left, and what was held against its receivers is forgotten.
   */
  leave(instanceId: string): Promise<void>;
  /** The circuit breaker of a webhook's receiver. */
  breaker(webhookId: string): BreakerStatus;
  /** The worst of all breakers. */
  worstBreaker(): BreakerState;
  /** All breakers that are not closed. */
  trouble(): BreakerStatus[];
}

/**
 * Brings deliveries to their receivers. A lane of a webhook has one post under way at most and goes on only after the
 * one before was delivered or given up, so its order is kept; lanes and webhooks do not wait for each other.
 *
 * Works in rounds: reads what is due, starts what may start, holds a little more in memory, and sleeps until the next
 * row is due or a pause is over. A lane that ends makes place for one that is held; where the store may have more than
 * is held, the last one starts a round.
 */
export function createDeliveryDispatcher(deps: DispatcherDeps): DeliveryDispatcher {
  const { deliveries, clock, logger } = deps;
  const gates = createReceiverGates(deps.limits, deps.breaker);
  const held = createHeldDeliveries();
  /** Lanes under way. */
  const lanes = new Map<string, Lane>();
  /** Deliveries that were under way at some time since the present round began: what it reads of them may be old. */
  let begun = new Set<string>();
  /** Webhooks of which the store may have more than is known here. */
  let moreOf = new Set<string>();
  /** Whose webhooks were posted to. */
  const instanceOf = new LRUCache<string, string>({ max: REMEMBERED });
  let alive = false;
  let stopping: Promise<void> | null = null;
  let rounding: Promise<void> | null = null;
  let roundAgain = false;
  let alarm = { at: Infinity, cancel: () => {} };
  let wanted = false;

  const isRunning = () => alive && stopping === null;
  const isOurs = (instanceId: string) => deps.ownership?.holds(instanceId) ?? true;

  function start(): void {
    wanted = true;
    if (!alive) {
      alive = true;
      wake();
    }
  }

  function wake(changed?: string): void {
    if (changed !== undefined) {
      gates.forgive(changed);
      held.drop(changed);
    }
    if (!isRunning()) return;
    roundAgain = true;
    rounding ??= rounds();
  }

  async function rounds(): Promise<void> {
    while (roundAgain && isRunning()) {
      roundAgain = false;
      silence();
      try {
        wakeAt(await round(clock.now()));
      } catch (err) {
        logger[isStoreAway(err) ? 'debug' : 'error']({ err, retryInMs: STORE_PAUSE_MS }, 'Reading due deliveries failed');
        wakeAt(clock.now() + STORE_PAUSE_MS);
      }
    }
    // At once, not in a promise's callback: a wake-up in between would find a round that has ended.
    rounding = null;
  }

  /** Reads and starts what is due; answers until when there is nothing more to do (epoch milliseconds). */
  async function round(now: number): Promise<number> {
    begun = new Set([...lanes.values()].map(lane => lane.at.id));
    const exclude = [...new Set([...gates.closed(now), ...held.webhookIds()])];
    const limit = lanes.size + READ_AT_ONCE;
    const rows = (await deliveries.due(now, { limit, perWebhook: READ_AHEAD, exclude })).filter(row => isOurs(row.instanceId));
    // More rows than lanes under way, so some were new: another look makes headway.
    if (rows.length === limit) roundAgain = true;
    moreOf = new Set(exclude);
    const counts = new Map<string, number>();
    for (const row of rows) {
      const count = (counts.get(row.webhookId) ?? 0) + 1;
      counts.set(row.webhookId, count);
      if (count === READ_AHEAD) moreOf.add(row.webhookId);
      if (begun.has(row.id)) continue;
      // A lane under way finds its own next row, but this one may have come after it looked.
      if (lanes.has(keyOf(row))) moreOf.add(row.webhookId);
      else held.add(row);
    }
    startHeld();
    // The others are looked at again when the last of what is held or under way ends.
    if ([...moreOf].some(webhookId => !held.hasAny(webhookId) && gates.isIdle(webhookId, now))) roundAgain = true;
    return Math.min(await deliveries.nextDueAt(now) ?? Infinity, gates.nextOpening(now) ?? Infinity, now + LONGEST_SLEEP_MS);
  }

  function startHeld(): void {
    const now = clock.now();
    const next = () => (isRunning() ? held.take(webhookId => gates.enter(webhookId, now)) : null);
    for (let delivery = next(); delivery !== null; delivery = next()) startLane(delivery);
  }

  function startLane(first: Delivery): void {
    const { instanceId } = first;
    instanceOf.set(first.webhookId, instanceId);
    const ended = new AbortController();
    const lane: Lane = { at: first, ended: Promise.resolve(), abort: () => ended.abort() };
    lanes.set(keyOf(first), lane);
    const onBegin = (delivery: Delivery) => { lane.at = delivery; begun.add(delivery.id); };
    const run = { gates, signal: ended.signal, mayGoOn: () => isRunning() && isOurs(instanceId), onBegin, onRecovered: () => wake() };
    lane.ended = runLane(deps, first, run).then(end => finishLane(first, end));
  }

  function finishLane(first: Delivery, { next, wakeAt: at, stale }: LaneEnd): void {
    const { webhookId } = first;
    lanes.delete(keyOf(first));
    gates.release(webhookId);
    if (stale) held.drop(webhookId);
    if (next !== null) held.add(next);
    if (at !== null) wakeAt(at);
    startHeld();
    if (moreOf.has(webhookId) && !held.hasAny(webhookId)) {
      moreOf.delete(webhookId);
      wake();
    }
  }

  /** Sees to it that a round begins by then. */
  function wakeAt(at: number): void {
    if (at >= alarm.at || !isRunning()) return;
    silence();
    alarm = { at, cancel: clock.after(Math.max(0, at - clock.now()), () => { alarm.at = Infinity; wake(); }) };
  }

  function silence(): void {
    alarm.cancel();
    alarm = { at: Infinity, cancel: () => {} };
  }

  function stop(): Promise<void> {
    wanted = false;
    if (stopping !== null || !alive) return stopping ?? Promise.resolve();
    const cancelBound = clock.after(STOP_WITHIN_MS, () => [...lanes.values()].forEach(lane => lane.abort()));
    stopping = (async () => {
      silence();
      await rounding;
      await Promise.all([...lanes.values()].map(lane => lane.ended));
      cancelBound();
      held.clear();
      moreOf.clear();
      alive = false;
      stopping = null;
      // start() was called meanwhile.
      if (wanted) start();
    })();
    return stopping;
  }

  async function leave(instanceId: string): Promise<void> {
    held.dropInstance(instanceId);
    const own = [...lanes.values()].filter(({ at }) => at.instanceId === instanceId);
    if (own.length > 0) {
      const cancelBound = clock.after(LEAVE_WITHIN_MS, () => own.forEach(lane => lane.abort()));
      await Promise.all(own.map(lane => lane.ended));
      cancelBound();
      held.dropInstance(instanceId);
    }
    // When the instance comes back, another node will have got to know its receivers better.
    for (const webhookId of gates.known()) if (instanceOf.peek(webhookId) === instanceId) gates.forgive(webhookId);
  }

  /** What was known of another node's receivers, when they were posted to from here, is not known any more. */
  function trouble(): BreakerStatus[] {
    return [...gates.trouble(clock.now())].filter(([webhookId]) => isOurs(instanceOf.get(webhookId) ?? '')).map(([, breaker]) => breaker);
  }

  return {
    start, stop, wake, leave,
    breaker: webhookId => gates.breaker(webhookId, clock.now()),
    worstBreaker: () => worstOf(trouble().map(({ state }) => state)),
    trouble,
  };
}

/** A lane under way. */
interface Lane { at: Delivery; ended: Promise<void>; abort: () => void }

function keyOf({ webhookId, lane }: Delivery): string {
  return JSON.stringify([webhookId, lane]);
}
