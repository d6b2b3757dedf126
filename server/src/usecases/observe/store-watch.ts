import type { Clock } from '../../ports/clock.js';
import type { StoreStats, WorkStats } from '../../ports/store-stats.js';

/** The store is asked for an answer this often at most: anybody may ask whether the gateway is ready. */
const FRESH_MS = 1_000;
/** A store that takes longer counts as away. */
const WAIT_MS = 2_000;
/** The gateway counts as cut off from its store only when that has lasted so long, and as back when it has been back for as long: a passing failure takes no node out. */
const STEADY_MS = 3_000;

/** What waits is counted this often at most, and never for more than one part in that many of the time. */
const COUNT_EVERY_MS = 5_000;
const SHARE = 100;
/** Counts that are older say nothing. */
const STALE_MS = 60_000;

export interface StoreState { up: boolean; /** Of the last answer. */ latencyMs: number | null }

export interface StoreWatch {
  /** Whether the store answers, a second old at most; within two seconds. */
  look(): Promise<StoreState>;
  /** The same without what passes quickly: false only when the store has been away for seconds. */
  isSteady(): Promise<boolean>;
  /** What waits, some seconds old at most; null when it cannot be counted. */
  work(): Promise<WorkStats | null>;
}

export interface StoreWatchParts {
  stats: StoreStats;
  clock: Clock;
}

/** Knows how the store does. It asks when it is asked, and not too often. */
export function createStoreWatch({ stats, clock }: StoreWatchParts): StoreWatch {
  let state: StoreState = { up: true, latencyMs: null };
  let steady = true;
  /** Since when the store has been as it is now. */
  let since = -Infinity;
  const probe = createRepeated(clock, () => FRESH_MS, async () => {
    const begun = clock.elapsed();
    const up = await atMost(stats.ping(), WAIT_MS, clock);
    const now = clock.elapsed();
    if (up !== state.up) since = now;
    state = up ? { up, latencyMs: now - begun } : { ...state, up };
    if (now - since >= STEADY_MS) steady = up;
  });

  let counted: { work: WorkStats; at: number } | null = null;
  const count = createRepeated(clock, tookMs => Math.max(COUNT_EVERY_MS, tookMs * SHARE), async () => {
    const work = await stats.work(clock.now()).catch(() => null);
    if (work) counted = { work, at: clock.elapsed() };
  });

  return {
    async look() {
      await probe();
      return state;
    },
    async isSteady() {
      await probe();
      return steady;
    },
    async work() {
      await atMost(count(), WAIT_MS, clock);
      return counted && clock.elapsed() - counted.at < STALE_MS ? counted.work : null;
    },
  };
}

/** Runs `work` unless its last run was less than `pauseMs` ago; whoever comes while it runs waits for the same run. */
function createRepeated(clock: Clock, pauseMs: (tookMs: number) => number, work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let nextAt = -Infinity;
  return () => {
    if (running) return running;
    const begun = clock.elapsed();
    if (begun < nextAt) return Promise.resolve();
    running = work().finally(() => {
      const now = clock.elapsed();
      nextAt = now + pauseMs(now - begun);
      running = null;
    });
    return running;
  };
}

/** Whether the work was done by then, and did not fail. */
function atMost(work: Promise<unknown>, ms: number, clock: Clock): Promise<boolean> {
  return new Promise(resolve => {
    const cancel = clock.after(ms, () => resolve(false));
    const done = (well: boolean) => () => {
      cancel();
      resolve(well);
    };
    work.then(done(true), done(false));
  });
}
