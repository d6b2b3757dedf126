/** How many posts may run at once. */
export interface GateLimits {
  /** To one webhook. */
  perWebhook: number;
  /** To all together, beyond the first of each webhook. */
  shared: number;
}

export const DEFAULT_GATE_LIMITS: GateLimits = { perWebhook: 8, shared: 64 };

/** What an attempt says about the receiver: it takes what it gets, it does not, or the attempt says nothing about it. */
export type ReceiverMood = 'well' | 'unwell' | 'unknown';

export interface ReceiverGates {
  /** Takes a place for this webhook if there is one; it has to be given back by `release`. */
  enter(webhookId: string, now: number): boolean;
  release(webhookId: string): void;
  /** A receiver that fails is left with one place and earns the others back, one by each success. */
  note(webhookId: string, mood: ReceiverMood): void;
  /** Nothing more to this webhook until then (epoch milliseconds). */
  pause(webhookId: string, until: number): void;
  /** Forgets what is held against this webhook. */
  forgive(webhookId: string): void;
  /** Webhooks that could not enter now. */
  closed(now: number): string[];
  /** When the next pause ends (epoch milliseconds); null when there is none. */
  nextOpening(now: number): number | null;
  /** Nothing under way, and no pause. */
  isIdle(webhookId: string, now: number): boolean;
}

interface Gate { taken: number; limit: number; pausedUntil: number }

/**
 * Who may be posted to. Every webhook always has one place of its own, so that no number of slow receivers takes the
 * last one from it; what a webhook uses beyond that comes out of a shared number of places.
 */
export function createReceiverGates({ perWebhook, shared }: GateLimits = DEFAULT_GATE_LIMITS): ReceiverGates {
  /** Only webhooks about which there is something to know. */
  const gates = new Map<string, Gate>();
  let sharedTaken = 0;

  function gateOf(webhookId: string): Gate {
    const gate = gates.get(webhookId) ?? { taken: 0, limit: perWebhook, pausedUntil: 0 };
    gates.set(webhookId, gate);
    return gate;
  }

  function isOpen(gate: Gate, now: number): boolean {
    return gate.pausedUntil <= now && (gate.taken === 0 || (gate.taken < gate.limit && sharedTaken < shared));
  }

  return {
    enter(webhookId, now) {
      const gate = gateOf(webhookId);
      if (!isOpen(gate, now)) return false;
      gate.pausedUntil = 0;
      if (gate.taken > 0) sharedTaken += 1;
      gate.taken += 1;
      return true;
    },
    release(webhookId) {
      const gate = gateOf(webhookId);
      gate.taken -= 1;
      if (gate.taken > 0) sharedTaken -= 1;
      else if (gate.limit === perWebhook && gate.pausedUntil === 0) gates.delete(webhookId);
    },
    note(webhookId, mood) {
      if (mood === 'unknown') return;
      const gate = gateOf(webhookId);
      gate.limit = mood === 'well' ? Math.min(perWebhook, gate.limit + 1) : 1;
    },
    pause(webhookId, until) {
      const gate = gateOf(webhookId);
      gate.pausedUntil = Math.max(gate.pausedUntil, until);
    },
    forgive(webhookId) {
      const gate = gates.get(webhookId);
      if (gate === undefined) return;
      Object.assign(gate, { limit: perWebhook, pausedUntil: 0 });
      if (gate.taken === 0) gates.delete(webhookId);
    },
    closed(now) {
      return [...gates].filter(([, gate]) => !isOpen(gate, now)).map(([webhookId]) => webhookId);
    },
    nextOpening(now) {
      const pauses = [...gates.values()].map(gate => gate.pausedUntil).filter(until => until > now);
      return pauses.length === 0 ? null : Math.min(...pauses);
    },
    isIdle(webhookId, now) {
      const gate = gates.get(webhookId);
      return gate === undefined || (gate.taken === 0 && gate.pausedUntil <= now);
    },
  };
}
