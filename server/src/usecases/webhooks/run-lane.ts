import type { Delivery } from '../../domain/webhooks/webhook.js';
import type { DeliveryStore } from '../../ports/message-store.js';
import { attemptDelivery, type AttemptDeps } from './attempt-delivery.js';
import type { ReceiverGates, ReceiverMood } from './receiver-gates.js';

/** Deliveries of one lane in a row before others of the same webhook get their turn. */
const LANE_TURN = 32;
/** Pause for a webhook after something unexpected, such as a store that cannot be read. */
const TROUBLE_PAUSE_MS = 1_000;

export interface LaneDeps extends AttemptDeps {
  deliveries: Pick<DeliveryStore, 'settle' | 'nextInLane'>;
}

export interface LaneRun {
  gates: Pick<ReceiverGates, 'note' | 'pause' | 'opensAt' | 'breaker'>;
  signal: AbortSignal;
  /** False once no further delivery should be begun. */
  mayGoOn(): boolean;
  /** Told of each delivery as it is begun. */
  onBegin(delivery: Delivery): void;
}

export interface LaneEnd {
  /** Due now, but the lane's turn is over. */
  next: Delivery | null;
  /** When there is something to do again for what was left (epoch milliseconds). */
  wakeAt: number | null;
  /** The webhook is not what it was when the rows were read. */
  stale: boolean;
}

/**
 * Delivers along one lane, one after the other, for as long as all goes well, the turn lasts and nothing keeps the
 * webhook out. What is given up makes way for the next. Never throws.
 */
export async function runLane(deps: LaneDeps, first: Delivery, { gates, signal, mayGoOn, onBegin }: LaneRun): Promise<LaneEnd> {
  const { webhookId, lane } = first;
  let delivery: Delivery | null = first;
  try {
    for (let turn = 0; delivery !== null && mayGoOn(); turn++) {
      const now = deps.clock.now();
      if (delivery.nextAttemptAt > now) return { next: null, wakeAt: delivery.nextAttemptAt, stale: false };
      const opensAt = gates.opensAt(webhookId, now);
      if (opensAt !== null) return { next: null, wakeAt: opensAt, stale: false };
      if (turn === LANE_TURN) return { next: delivery, wakeAt: null, stale: false };
      onBegin(delivery);
      const { end, mood, retryAt, pauseUntil } = await attemptDelivery(deps, delivery, signal);
      noteMood(deps, gates, webhookId, mood);
      if (pauseUntil !== null) gates.pause(webhookId, pauseUntil);
      if (end === 'postponed') return { next: null, wakeAt: pauseUntil, stale: true };
      if (end === 'retry') return { next: null, wakeAt: earlier(retryAt, gates.opensAt(webhookId, deps.clock.now())), stale: false };
      delivery = await deps.deliveries.nextInLane(webhookId, lane);
    }
  } catch (err) {
    const wakeAt = deps.clock.now() + TROUBLE_PAUSE_MS;
    deps.logger.error({ err, webhookId, retryInMs: TROUBLE_PAUSE_MS }, 'A delivery was interrupted');
    gates.pause(webhookId, wakeAt);
    return { next: null, wakeAt, stale: false };
  }
  return { next: null, wakeAt: null, stale: false };
}

/** Tells the gates, and the log where the breaker turned. */
function noteMood({ clock, logger }: LaneDeps, gates: LaneRun['gates'], webhookId: string, mood: ReceiverMood): void {
  const now = clock.now();
  const before = gates.breaker(webhookId, now).state;
  gates.note(webhookId, mood, now);
  const { state, failures } = gates.breaker(webhookId, now);
  if (state === before) return;
  if (state === 'OPEN') logger.warn({ webhookId, failures, opensAgainAt: gates.opensAt(webhookId, now) }, 'Circuit breaker opened: nothing is posted to this receiver for a while; its deliveries wait');
  else if (state === 'CLOSED') logger.info({ webhookId }, 'Circuit breaker closed: the receiver is posted to again');
}

function earlier(one: number | null, other: number | null): number | null {
  return one === null || other === null ? one ?? other : Math.min(one, other);
}
