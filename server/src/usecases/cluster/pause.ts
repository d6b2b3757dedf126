import type { Clock } from '../../ports/clock.js';

/** Resolves after `ms`. */
export function pause(clock: Pick<Clock, 'after'>, ms: number): Promise<void> {
  return new Promise(resolve => { clock.after(ms, resolve); });
}
