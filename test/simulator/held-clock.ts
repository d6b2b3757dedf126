import type { Clock } from '@simulator/clock.js';

/** A clock that runs, but whose timers fire only when the test says so. */
export interface HeldClock extends Clock {
  /** The delays that wait, in ms. */
  readonly waiting: number[];
  /** Moves the time on; does not fire anything. */
  advance(ms: number): void;
  /** Fires what waits for exactly this long. */
  fire(ms: number): void;
}

export function createHeldClock(): HeldClock {
  const timers = new Set<{ ms: number; task: () => void }>();
  let ahead = 0;
  return {
    now: () => Date.now() + ahead,
    after(ms, task) {
      const timer = { ms, task };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    get waiting() {
      return [...timers].map(({ ms }) => ms);
    },
    advance(ms) {
      ahead += ms;
    },
    fire(ms) {
      for (const timer of [...timers].filter(each => each.ms === ms)) {
        timers.delete(timer);
        timer.task();
      }
    },
  };
}
