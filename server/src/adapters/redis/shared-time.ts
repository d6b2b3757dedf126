import type { Clock } from '../../ports/clock.js';
import type { RedisClients } from './redis-clients.js';

const MEASURE_MS = 15_000;
/** What two clocks may drift apart until they are measured again, and what timers are early. */
const DRIFT_MS = 5;

/** Between which two epoch milliseconds of Redis' clock this moment lies. */
export interface TimeRange {
  earliest: number;
  latest: number;
}

/**
 * Redis' clock as this process sees it: what processes whose own clocks differ can agree on. An answer was given between question and
 * arrival, so the true time is known up to the round trip (Cristian's algorithm, 1989).
 */
export interface SharedTime {
  /** Measures first when it is not known; null when Redis does not say. Never rejects. */
  now(): Promise<TimeRange | null>;
  close(): void;
}

export function createSharedTime({ commands, onReady }: Pick<RedisClients, 'commands' | 'onReady'>, clock: Pick<Clock, 'elapsed' | 'after'>): SharedTime {
  /** Redis' time when `elapsed` was 0. */
  let offset: TimeRange | null = null;
  let measuring: Promise<void> | null = null;
  let cancel = (): void => undefined;
  let closed = false;

  function measure(): Promise<void> {
    measuring ??= ask().finally(() => { measuring = null; });
    return measuring;
  }

  async function ask(): Promise<void> {
    const asked = clock.elapsed();
    const answer = await commands.time().catch(() => null);
    const answered = clock.elapsed();
    if (answer === null) return;
    const [seconds, microseconds] = answer;
    const told = Number(seconds) * 1_000 + Number(microseconds) / 1_000;
    offset = { earliest: told - answered - DRIFT_MS, latest: told - asked + DRIFT_MS };
  }

  function measureLater(): void {
    cancel = clock.after(MEASURE_MS, () => {
      measureLater();
      void measure();
    });
  }

  // It may be another Redis, with another clock.
  onReady(() => {
    if (closed) return;
    offset = null;
    void measure();
  });
  if (commands.status === 'ready') void measure();
  measureLater();

  return {
    async now() {
      if (!offset && !closed) await measure();
      const elapsed = clock.elapsed();
      return offset && { earliest: offset.earliest + elapsed, latest: offset.latest + elapsed };
    },
    close() {
      closed = true;
      cancel();
    },
  };
}
