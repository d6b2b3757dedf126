/** The source of time. Tests may pass their own. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs `task` once after `ms` milliseconds; answers a function that cancels it. */
  after(ms: number, task: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms);
    return () => clearTimeout(timer);
  },
};

export interface Timers {
  after(ms: number, task: () => void): () => void;
  /** Cancels everything that is still waiting. */
  clear(): void;
}

/** Timers that their owner can cancel all at once when it stops. */
export function createTimers(clock: Clock): Timers {
  const waiting = new Set<() => void>();
  return {
    after(ms, task) {
      const cancelClock = clock.after(ms, () => {
        waiting.delete(cancel);
        task();
      });
      const cancel = () => {
        waiting.delete(cancel);
        cancelClock();
      };
      waiting.add(cancel);
      return cancel;
    },
    clear() {
      for (const cancel of [...waiting]) cancel();
    },
  };
}

/** Whole seconds since the epoch, as stanzas carry them in `t`. */
export function unixSeconds(clock: Clock): string {
  return Math.floor(clock.now() / 1000).toString();
}
