import type { Tenure } from '../../domain/instances/tenure.js';
import type { Clock } from '../../ports/clock.js';

/** Part of a lease that is not used: clocks may run at different speeds, by 5 % at most, and a timer may be late. */
const MARGIN = 0.1;

/** The leases that this process holds, by its own clocks. */
export interface HeldLeases {
  /** The tenure, while its lease lasts. */
  get(instanceId: string): Tenure | null;
  /** How long it lasts yet, in milliseconds; 0 when it is not here, or over. */
  lastsMs(tenure: Tenure): number;
  /** Whether it is here, lasting or not. */
  has(tenure: Tenure): boolean;
  /** All, lasting or not. */
  list(): Tenure[];
  /** Those that have run out. */
  over(): Tenure[];
  /** @param since `elapsed` before the statement that took it was sent */
  put(tenure: Tenure, since: number): void;
  /** Unless it has gone, or has run out: what has run out once does not come to life again. */
  renew(tenure: Tenure, since: number, wall: number): void;
  /** False when it is not here. */
  drop(tenure: Tenure): boolean;
}

/**
 * A lease lasts while both clocks say so: one never goes back, but may stand still while the machine sleeps; the other goes on in its
 * sleep, but may be set back.
 */
export function createHeldLeases({ ttlMs, clock }: { ttlMs: number; clock: Clock }): HeldLeases {
  const leases = new Map<string, { tenure: Tenure; until: number; wallUntil: number }>();
  const lifeMs = ttlMs * (1 - MARGIN);
  const left = ({ until, wallUntil }: { until: number; wallUntil: number }) => Math.max(0, Math.min(until - clock.elapsed(), wallUntil - clock.now()));
  const lasts = (lease: { until: number; wallUntil: number }) => left(lease) > 0;

  return {
    get(instanceId) {
      const lease = leases.get(instanceId);
      return lease && lasts(lease) ? lease.tenure : null;
    },
    lastsMs({ instanceId, epoch }) {
      const lease = leases.get(instanceId);
      return lease?.tenure.epoch === epoch ? left(lease) : 0;
    },
    has: ({ instanceId, epoch }) => leases.get(instanceId)?.tenure.epoch === epoch,
    list: () => [...leases.values()].map(({ tenure }) => tenure),
    over: () => [...leases.values()].filter(lease => !lasts(lease)).map(({ tenure }) => tenure),
    put(tenure, since) {
      const wall = clock.now() - (clock.elapsed() - since);
      leases.set(tenure.instanceId, { tenure, until: since + lifeMs, wallUntil: wall + lifeMs });
    },
    renew({ instanceId, epoch }, since, wall) {
      const lease = leases.get(instanceId);
      if (lease?.tenure.epoch !== epoch || !lasts(lease)) return;
      Object.assign(lease, { until: since + lifeMs, wallUntil: wall + lifeMs });
    },
    drop({ instanceId, epoch }) {
      return leases.get(instanceId)?.tenure.epoch === epoch && leases.delete(instanceId);
    },
  };
}
