import type { Clock } from '../../ports/clock.js';

/** Callers that wait until something holds of what changes now and then. */
export interface Waiters<T> {
  /** Resolves when `done` holds, or after `timeoutMs`; answers whether it held. */
  waitFor(done: (state: T) => boolean, timeoutMs: number): Promise<boolean>;
  /** To be called after each change. */
  check(): void;
}

export function createWaiters<T>(state: () => T, clock: Pick<Clock, 'after'>): Waiters<T> {
  const waiting = new Set<() => void>();
  return {
    waitFor(done, timeoutMs) {
      if (done(state())) return Promise.resolve(true);
      return new Promise(resolve => {
        const settle = (held: boolean) => {
          waiting.delete(look);
          cancel();
          resolve(held);
        };
        const look = () => {
          if (done(state())) settle(true);
        };
        const cancel = clock.after(timeoutMs, () => settle(false));
        waiting.add(look);
      });
    },
    check() {
      for (const look of [...waiting]) look();
    },
  };
}
