import type { Clock } from '../../ports/clock.js';

export interface LanesOptions<T> {
  /** Never rejects. */
  run: (group: T[]) => Promise<void>;
  /** Whether `next` may be run in one group with those before it. */
  fits: (group: readonly T[], next: T) => boolean;
  clock: Pick<Clock, 'after'>;
}

/** Items in order, key by key: what waits together is run together; different keys do not wait for each other. */
export interface Lanes<T> {
  /** @param patient it may wait some milliseconds for another of its key */
  add(key: string, item: T, patient: boolean): void;
}

/** How long a patient item waits for another one. */
const PATIENCE_MS = 4;

interface Lane<T> { waiting: T[]; busy: boolean; gathering: boolean; stopWaiting?: () => void }

export function createLanes<T>({ run, fits, clock }: LanesOptions<T>): Lanes<T> {
  const lanes = new Map<string, Lane<T>>();

  async function pump(key: string, lane: Lane<T>): Promise<void> {
    lane.stopWaiting?.();
    delete lane.stopWaiting;
    if (lane.busy) return;
    lane.busy = true;
    while (lane.waiting.length > 0) await run(takeGroup(lane.waiting));
    lanes.delete(key);
  }

  function takeGroup(waiting: T[]): T[] {
    let size = 1;
    while (size < waiting.length && fits(waiting.slice(0, size), waiting[size] as T)) size += 1;
    return waiting.splice(0, size);
  }

  return {
    add(key, item, patient) {
      const lane = lanes.get(key) ?? { waiting: [], busy: false, gathering: false };
      lanes.set(key, lane);
      lane.waiting.push(item);
      if (lane.busy || lane.gathering) return;
      if (patient) {
        lane.stopWaiting ??= clock.after(PATIENCE_MS, () => void pump(key, lane));
        return;
      }
      // What one turn of the event loop brings in is run together.
      lane.gathering = true;
      setImmediate(() => void pump(key, lane));
    },
  };
}
