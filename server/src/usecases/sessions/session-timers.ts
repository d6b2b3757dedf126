import type { Clock } from '../../ports/clock.js';

/** The timers of one session, one of each name. */
export interface SessionTimers<Name extends string> {
  /** Takes the place of the timer of that name. */
  set(name: Name, ms: number, work: () => void): void;
  cancel(name: Name): void;
  /** Cancels all; answers how many waited. */
  cancelAll(): number;
}

export function createSessionTimers<Name extends string>(clock: Pick<Clock, 'after'>): SessionTimers<Name> {
  const waiting = new Map<Name, () => void>();
  function cancel(name: Name): void {
    waiting.get(name)?.();
    waiting.delete(name);
  }
  return {
    cancel,
    set(name, ms, work) {
      cancel(name);
      const stop = clock.after(ms, () => {
        if (waiting.get(name) === stop) waiting.delete(name);
        work();
      });
      waiting.set(name, stop);
    },
    cancelAll() {
      const count = waiting.size;
      for (const name of [...waiting.keys()]) cancel(name);
      return count;
    },
  };
}
