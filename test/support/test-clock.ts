import type { Clock } from '@gateway/ports/clock.js';

export interface TestClock extends Clock {
  /** Moves time on, running the timers that become due in their order, each followed by what it set in motion. */
  advance(ms: number): Promise<void>;
  /** Timers that wait. */
  timers(): number;
}

interface Timer { at: number; work: () => void }

/**
 * A clock that a test moves by hand. A timer for a time that is already here fires by itself, as it would on a real
 * clock, so that a test need not know whether a component set its timer before or after time was moved.
 * @param start epoch milliseconds
 */
export function createTestClock(start = Date.now()): TestClock {
  const waiting = new Set<Timer>();
  let now = start;

  function fire(timer: Timer): void {
    if (waiting.delete(timer)) timer.work();
  }

  function nextBy(time: number): Timer | undefined {
    return [...waiting].filter(timer => timer.at <= time).sort((a, b) => a.at - b.at)[0];
  }

  return {
    now: () => now,
    elapsed: () => now - start,
    after(ms, work) {
      const timer = { at: now + Math.max(0, ms), work };
      waiting.add(timer);
      if (timer.at <= now) setImmediate(() => fire(timer));
      return () => waiting.delete(timer);
    },
    async advance(ms) {
      const target = now + ms;
      for (let timer = nextBy(target); timer !== undefined; timer = nextBy(target)) {
        now = Math.max(now, timer.at);
        fire(timer);
        await settled();
      }
      now = target;
      await settled();
    },
    timers: () => waiting.size,
  };
}

/** After the microtasks, and what they put off to the next turn of the loop. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise(resolve => setImmediate(resolve));
}
