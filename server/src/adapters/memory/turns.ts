import type { Logger } from 'pino';
import { isStoreAway } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import type { QueueWork } from '../../ports/send-queue.js';

/** Pause after the work threw: doubled each time, up to the longest. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** A wait is looked at that often, in case the clock was set. */
const LONGEST_TIMER_MS = 60_000;

export interface TurnsDeps {
  instanceId: string;
  work: QueueWork;
  clock: Clock;
  logger: Logger;
}

/** The turns of one instance, and the waits between them. Whoever runs them sees to it that it is one at a time. */
export interface Turns {
  /**
   * One turn. Work that throws is logged, and asks to come again after a pause; this never rejects.
   * @returns when to come again (epoch milliseconds); null when there is nothing more to do
   */
  run(upTo: string | null): Promise<number | null>;
  /** Waits until that time (epoch milliseconds), or a wake-up or the end; not at all if there was one since the last turn began. */
  waitUntil(at: number): Promise<void>;
  wake(): void;
  replace(work: QueueWork): void;
  /** No turn begins any more. Resolves after the one under way. */
  end(): Promise<void>;
  /** `end` was called. */
  hasEnded(): boolean;
  /** Resolves when `end` was called and the last turn is over. */
  over: Promise<void>;
}

export function createTurns({ instanceId, work: firstWork, clock, logger }: TurnsDeps): Turns {
  let work = firstWork;
  let failures = 0;
  let woken = false;
  let ended = false;
  let underWay: Promise<unknown> = Promise.resolve();
  let interrupt = (): void => undefined;
  let finish = (): void => undefined;
  const over = new Promise<void>(resolve => { finish = resolve; });

  async function turn(upTo: string | null): Promise<number | null> {
    try {
      const rest = await work(upTo);
      failures = 0;
      return rest?.again ?? null;
    } catch (err) {
      const retryInMs = Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS);
      failures += 1;
      logger[isStoreAway(err) ? 'debug' : 'error']({ err, instanceId, retryInMs }, 'working the send queue failed');
      return clock.now() + retryInMs;
    }
  }

  const wake = (): void => {
    woken = true;
    interrupt();
  };

  return {
    wake,
    async run(upTo) {
      if (ended) return null;
      woken = false;
      const running = turn(upTo);
      underWay = running;
      return running;
    },
    async waitUntil(at) {
      while (!woken && !ended && clock.now() < at) {
        await new Promise<void>(resolve => {
          // Nothing is waited for without end: then only a wake-up goes on.
          const cancel = Number.isFinite(at) ? clock.after(Math.min(at - clock.now(), LONGEST_TIMER_MS), resolve) : () => undefined;
          interrupt = () => {
            cancel();
            resolve();
          };
        });
      }
    },
    replace(next) {
      work = next;
      failures = 0;
      wake();
    },
    async end() {
      ended = true;
      interrupt();
      await underWay;
      finish();
    },
    hasEnded: () => ended,
    over,
  };
}
