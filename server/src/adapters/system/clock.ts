import type { Clock } from '../../ports/clock.js';

/** Timers longer than this overflow in Node and would fire at once. */
const MAX_TIMER_MS = 2_147_483_647;

/** The machine's own time. Its timers do not keep the process alive. */
export function createSystemClock(): Clock {
  return {
    now: () => Date.now(),
    elapsed: () => performance.now(),
    after(ms, work) {
      const timer = setTimeout(work, Math.min(Math.max(ms, 0), MAX_TIMER_MS));
      timer.unref();
      return () => clearTimeout(timer);
    },
  };
}
