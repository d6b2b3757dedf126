import { isStoreAway } from '../../domain/errors.js';
import type { Delivery } from '../../domain/webhooks/webhook.js';
import type { DeliveryStore } from '../../ports/message-store.js';
import { attemptDelivery, type AttemptDeps } from './attempt-delivery.js';
import { keepTrying } from './keep-trying.js';
import type { ReceiverGates, ReceiverMood } from './receiver-gates.js';

/** Deliveries of one lane in a row before others of the same webhook get their turn. */
const LANE_TURN = 32;
/** A row whose webhook turns out to be switched off is looked at again after that time. */
const DISABLED_PAUSE_MS = 30_000;
/** Pause for a webhook after something unexpected, such as a store that cannot be read. */
const TROUBLE_PAUSE_MS = 1_000;

export interface LaneDeps extends AttemptDeps {
  deliveries: Pick<DeliveryStore, 'settle' | 'bringForward'>;
}

export interface LaneRun {
  gates: Pick<ReceiverGates, 'note' | 'pause' | 'begin' | 'opensAt' | 'breaker'>;
  signal: AbortSignal;
  /** False once no further delivery should be begun. */
  mayGoOn(): boolean;
  /** Told of each delivery as it is begun. */
  onBegin(delivery: Delivery): void;
  /** Told when what waited for the receiver to recover is due. */
  onRecovered(): void;
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
export async function runLane(deps: LaneDeps, first: Delivery, run: LaneRun): Promise<LaneEnd> {
  const { gates, signal, mayGoOn, onBegin } = run;
  const { webhookId, instanceId } = first;
  const { clock, subscriptions } = deps;
  let delivery: Delivery | null = first;
  try {
    for (let turn = 0; delivery !== null && mayGoOn(); turn++) {
      if (delivery.nextAttemptAt > clock.now()) return { next: null, wakeAt: delivery.nextAttemptAt, stale: false };
      const webhook = await subscriptions.find(instanceId, webhookId);
      if (webhook === null || !webhook.enabled) return switchedOff(deps, run, first);
      if (!mayGoOn()) break;
      if (turn === LANE_TURN) return { next: delivery, wakeAt: null, stale: false };
      // From here to the post nothing waits, so that no other lane comes in between.
      const opensAt = gates.begin(webhookId, clock.now(), webhook.minIntervalMs);
      if (opensAt !== null) return { next: null, wakeAt: opensAt, stale: false };
      onBegin(delivery);
      const { end, mood, next, retryAt, pauseUntil } = await attemptDelivery(deps, webhook, delivery, signal);
      await noteMood(deps, run, webhookId, mood);
      if (pauseUntil !== null) gates.pause(webhookId, pauseUntil);
      if (end === 'postponed') return { next: null, wakeAt: null, stale: true };
      if (end === 'retry') return { next: null, wakeAt: earlier(retryAt, gates.opensAt(webhookId, clock.now())), stale: false };
      delivery = next;
    }
  } catch (err) {
    const wakeAt = clock.now() + TROUBLE_PAUSE_MS;
    deps.logger[isStoreAway(err) ? 'debug' : 'error']({ err, webhookId, retryInMs: TROUBLE_PAUSE_MS }, 'A delivery was interrupted');
    gates.pause(webhookId, wakeAt);
    return { next: null, wakeAt, stale: false };
  }
  return { next: null, wakeAt: null, stale: false };
}

/** The webhook was removed or disabled after its rows were read. */
function switchedOff({ clock, subscriptions }: LaneDeps, { gates }: LaneRun, { instanceId, webhookId }: Delivery): LaneEnd {
  const wakeAt = clock.now() + DISABLED_PAUSE_MS;
  subscriptions.invalidate(instanceId);
  gates.note(webhookId, 'gone', clock.now());
  gates.pause(webhookId, wakeAt);
  return { next: null, wakeAt, stale: true };
}

/** Tells the gates, and the log where the breaker turned. What waits in back-off for a receiver that recovers is due at once. */
async function noteMood(deps: LaneDeps, { gates, signal, onRecovered }: LaneRun, webhookId: string, mood: ReceiverMood): Promise<void> {
  const { clock, logger, deliveries } = deps;
  const now = clock.now();
  const before = gates.breaker(webhookId, now).state;
  gates.note(webhookId, mood, now);
  const { state, failures } = gates.breaker(webhookId, now);
  if (state === before) return;
  if (state === 'OPEN') logger.warn({ webhookId, failures, opensAgainAt: gates.opensAt(webhookId, now) }, 'Circuit breaker opened: nothing is posted to this receiver for a while; its deliveries wait');
  if (mood !== 'well') return;
  logger.info({ webhookId }, 'Circuit breaker closed: the receiver is posted to again');
  await keepTrying({ ...deps, signal }, 'Bringing forward what waited for a receiver', () => deliveries.bringForward(webhookId, clock.now()));
  onRecovered();
}

function earlier(one: number | null, other: number | null): number | null {
  return one === null || other === null ? one ?? other : Math.min(one, other);
}
