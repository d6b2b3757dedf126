/** When a session counts as flapping, and what is done about it. Milliseconds. */
export interface FlappingLimits {
  /** More losses than that … */
  losses: number;
  /** … within that time. */
  withinMs: number;
  /** The first pause. Each further one is twice as long, up to `MAX_PAUSE_FACTOR` times this. */
  pauseMs: number;
}

export const MAX_PAUSE_FACTOR = 8;

export interface FlapWatch {
  /**
   * Notes that a connection that stood was lost.
   * @param at milliseconds of a clock that never goes back
   * @returns how long to stay away; null when that was not one too many
   */
  lost(at: number): number | null;
  /** Somebody asked for the connection: it is trusted anew. */
  forgive(): void;
}

/**
 * Counts the losses of one session. One that came back from a pause is on probation for `withinMs`: if it is lost in that time, it pauses
 * again at once, twice as long. So it neither tries for ever at full speed, nor is it given up.
 */
export function createFlapWatch({ losses, withinMs, pauseMs }: FlappingLimits): FlapWatch {
  let seen: number[] = [];
  let pauses = 0;
  let trustedAt = -Infinity;

  return {
    lost(at) {
      if (at >= trustedAt) pauses = 0;
      seen = [...seen.filter(time => time > at - withinMs), at];
      if (pauses === 0 && seen.length <= losses) return null;
      seen = [];
      const pause = pauseMs * Math.min(2 ** pauses, MAX_PAUSE_FACTOR);
      pauses += 1;
      trustedAt = at + pause + withinMs;
      return pause;
    },
    forgive() {
      seen = [];
      pauses = 0;
      trustedAt = -Infinity;
    },
  };
}
