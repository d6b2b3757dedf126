import { LRUCache } from 'lru-cache';
import type { Clock } from '../../ports/clock.js';

const WINDOW_MS = 60_000;
/** Addresses that are remembered at most. */
const REMEMBERED = 10_000;

/** Counts keys that were not valid, by the address that sent them. */
export interface FailedLogins {
  /** Milliseconds until the address may try again; 0 when it may now. */
  blockedMs(address: string): number;
  failed(address: string): void;
}

/** @param perMinute so many failures are let pass; 0: any number */
export function createFailedLogins(perMinute: number, clock: Pick<Clock, 'elapsed'>): FailedLogins {
  const windows = new LRUCache<string, { since: number; count: number }>({ max: REMEMBERED });

  function current(address: string): { since: number; count: number } | null {
    const window = windows.get(address);
    return window && clock.elapsed() - window.since < WINDOW_MS ? window : null;
  }

  return {
    blockedMs(address) {
      const window = perMinute > 0 ? current(address) : null;
      return window && window.count >= perMinute ? window.since + WINDOW_MS - clock.elapsed() : 0;
    },
    failed(address) {
      const window = current(address) ?? { since: clock.elapsed(), count: 0 };
      window.count += 1;
      windows.set(address, window);
    },
  };
}
