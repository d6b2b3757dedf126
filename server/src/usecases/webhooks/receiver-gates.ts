import { CLOSED_BREAKER, createReceiverBreaker, DEFAULT_BREAKER_LIMITS, type BreakerLimits, type BreakerStatus, type ReceiverBreaker } from './receiver-breaker.js';

/** How many posts may run at once. */
export interface GateLimits {
  /** To one webhook. */
  perWebhook: number;
  /** To all together, beyond the first of each webhook. */
  shared: number;
}

export const DEFAULT_GATE_LIMITS: GateLimits = { perWebhook: 8, shared: 64 };

/**
 * What an attempt says about the receiver: it takes what it gets, it does not, the attempt says nothing about it, or
 * there is no such receiver any more (removed, or disabled).
 */
export type ReceiverMood = 'well' | 'unwell' | 'unknown' | 'gone';

export interface ReceiverGates {
  /** Takes a place for this webhook if there is one; it has to be given back by `release`. */
  enter(webhookId: string, now: number): boolean;
  release(webhookId: string): void;
  /**
   * Asks to begin a post now: null when it may, and the next may then begin `minIntervalMs` later; else when it may
   * (epoch milliseconds).
   */
  begin(webhookId: string, now: number, minIntervalMs: number): number | null;
  /**
   * A receiver that fails is left with one place and earns the others back, one by each success; its breaker counts.
   * One that is gone is forgotten.
   */
  note(webhookId: string, mood: ReceiverMood, now: number): void;
  /** Nothing more to this webhook until then (epoch milliseconds). */
  pause(webhookId: string, until: number): void;
  /** Forgets what is held against this webhook, failures too. The gap between two posts stays. */
  forgive(webhookId: string): void;
  /** Webhooks about which there is something to know. */
  known(): string[];
  /** Webhooks that could not enter now. */
  closed(now: number): string[];
  /** When this webhook's pauses are over and its breaker lets a probe through (epoch milliseconds); null when nothing keeps it out. */
  opensAt(webhookId: string, now: number): number | null;
  /** The first such time of all webhooks; null when none is kept out. */
  nextOpening(now: number): number | null;
  /** Nothing under way, and nothing that keeps it out. */
  isIdle(webhookId: string, now: number): boolean;
  breaker(webhookId: string, now: number): BreakerStatus;
  /** The breakers that are not closed, by webhook. */
  trouble(now: number): Map<string, BreakerStatus>;
}

interface Gate {
  taken: number;
  limit: number;
  /** What the receiver, or trouble, asked for. */
  pausedUntil: number;
  /** The end of the gap after the last post. */
  pacedUntil: number;
  breaker: ReceiverBreaker;
}

/**
 * Who may be posted to. Every webhook always has one place of its own, so that no number of slow receivers takes the
 * last one from it; what a webhook uses beyond that comes out of a shared number of places. A breaker that is open lets
 * nobody in, one that is half open lets in one.
 */
export function createReceiverGates({ perWebhook, shared }: GateLimits = DEFAULT_GATE_LIMITS, breakerLimits: BreakerLimits = DEFAULT_BREAKER_LIMITS): ReceiverGates {
  /** Only webhooks about which there is something to know. */
  const gates = new Map<string, Gate>();
  let sharedTaken = 0;

  const fresh = () => ({ limit: perWebhook, pausedUntil: 0, breaker: createReceiverBreaker(breakerLimits) });

  function gateOf(webhookId: string): Gate {
    const gate = gates.get(webhookId) ?? { taken: 0, pacedUntil: 0, ...fresh() };
    gates.set(webhookId, gate);
    return gate;
  }

  function openingOf(gate: Gate): number {
    return Math.max(gate.pausedUntil, gate.pacedUntil, gate.breaker.opensAgainAt());
  }

  function isOpen(gate: Gate, now: number): boolean {
    if (openingOf(gate) > now) return false;
    if (gate.taken === 0) return true;
    return gate.breaker.status(now).state === 'CLOSED' && gate.taken < gate.limit && sharedTaken < shared;
  }

  function forgive(webhookId: string): void {
    const gate = gates.get(webhookId);
    if (gate !== undefined) Object.assign(gate, fresh());
  }

  /** Forgets the gates of which there is nothing to know any more. */
  function tidy(now: number): void {
    for (const [webhookId, gate] of gates) {
      const isFresh = gate.limit === perWebhook && gate.breaker.status(now).failures === 0;
      if (isFresh && gate.taken === 0 && openingOf(gate) <= now) gates.delete(webhookId);
    }
  }

  return {
    enter(webhookId, now) {
      const gate = gateOf(webhookId);
      if (!isOpen(gate, now)) return false;
      if (gate.taken > 0) sharedTaken += 1;
      gate.taken += 1;
      return true;
    },
    release(webhookId) {
      const gate = gateOf(webhookId);
      gate.taken -= 1;
      if (gate.taken > 0) sharedTaken -= 1;
    },
    begin(webhookId, now, minIntervalMs) {
      const gate = gateOf(webhookId);
      const opening = openingOf(gate);
      if (opening > now) return opening;
      gate.pacedUntil = minIntervalMs > 0 ? now + minIntervalMs : 0;
      return null;
    },
    note(webhookId, mood, now) {
      if (mood === 'gone') return forgive(webhookId);
      if (mood === 'unknown') return;
      const gate = gateOf(webhookId);
      gate.limit = mood === 'well' ? Math.min(perWebhook, gate.limit + 1) : 1;
      if (mood === 'well') gate.breaker.succeeded();
      else gate.breaker.failed(now);
    },
    pause(webhookId, until) {
      const gate = gateOf(webhookId);
      gate.pausedUntil = Math.max(gate.pausedUntil, until);
    },
    forgive,
    known: () => [...gates.keys()],
    closed(now) {
      tidy(now);
      return [...gates].filter(([, gate]) => !isOpen(gate, now)).map(([webhookId]) => webhookId);
    },
    opensAt(webhookId, now) {
      const gate = gates.get(webhookId);
      const at = gate === undefined ? 0 : openingOf(gate);
      return at > now ? at : null;
    },
    nextOpening(now) {
      const openings = [...gates.values()].map(openingOf).filter(at => at > now);
      return openings.length === 0 ? null : Math.min(...openings);
    },
    isIdle(webhookId, now) {
      const gate = gates.get(webhookId);
      return gate === undefined || (gate.taken === 0 && openingOf(gate) <= now);
    },
    breaker: (webhookId, now) => gates.get(webhookId)?.breaker.status(now) ?? CLOSED_BREAKER,
    trouble: now => new Map([...gates].map(([webhookId, gate]) => [webhookId, gate.breaker.status(now)] as const).filter(([, { state }]) => state !== 'CLOSED')),
  };
}
