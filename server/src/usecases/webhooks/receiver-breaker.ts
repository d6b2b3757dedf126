/** From best to worst. */
export const BREAKER_STATES = ['CLOSED', 'HALF_OPEN', 'OPEN'] as const;
export type BreakerState = (typeof BREAKER_STATES)[number];

export interface BreakerLimits {
  /** Failures in a row that open it. */
  failures: number;
  /** How long it stays open before one post may try (milliseconds). */
  openMs: number;
}

/** Requirement B2. */
export const DEFAULT_BREAKER_LIMITS: BreakerLimits = { failures: 20, openMs: 180_000 };

/** What a caller may see of a breaker. */
export interface BreakerStatus {
  state: BreakerState;
  /** Since when it has not been CLOSED (epoch milliseconds); null while it is. A probe that fails does not change it. */
  since: number | null;
  /** Failures in a row. */
  failures: number;
}

/** The breaker of a receiver of which nothing is known. */
export const CLOSED_BREAKER: BreakerStatus = { state: 'CLOSED', since: null, failures: 0 };

/** The circuit breaker of one receiver. It posts nothing itself: it is told what came of each post, and asked for its state. */
export interface ReceiverBreaker {
  /** Closes it, whatever it was. */
  succeeded(): void;
  /** @param now when the answer came (epoch milliseconds) */
  failed(now: number): void;
  /** OPEN: post nothing. HALF_OPEN: one post may try; seeing to it that it is one is the caller's business. */
  status(now: number): BreakerStatus;
  /** When it becomes HALF_OPEN (epoch milliseconds); 0 when it is not OPEN, or was never. */
  opensAgainAt(): number;
}

/** A closed breaker. Its time is what it is told, so nothing has to be stopped. */
export function createReceiverBreaker(limits: BreakerLimits = DEFAULT_BREAKER_LIMITS): ReceiverBreaker {
  let failures = 0;
  let since: number | null = null;
  let openUntil = 0;

  return {
    succeeded() {
      failures = 0;
      since = null;
      openUntil = 0;
    },
    failed(now) {
      failures += 1;
      // What was under way when it opened says nothing new: only a probe keeps it open for longer.
      if (failures < limits.failures || now < openUntil) return;
      since ??= now;
      openUntil = now + limits.openMs;
    },
    status: now => ({ state: since === null ? 'CLOSED' : now < openUntil ? 'OPEN' : 'HALF_OPEN', since, failures }),
    opensAgainAt: () => openUntil,
  };
}

/** The worst of some states; CLOSED when there are none. */
export function worstOf(states: Iterable<BreakerState>): BreakerState {
  let worst = 0;
  for (const state of states) worst = Math.max(worst, BREAKER_STATES.indexOf(state));
  return BREAKER_STATES[worst] ?? 'CLOSED';
}
