import type { Logger } from 'pino';
import type { Clock } from '../../ports/clock.js';
import type { QueueWork, SendQueue } from '../../ports/send-queue.js';
import { createTurns, type Turns } from './turns.js';

export interface MemorySendQueueDeps { clock: Clock; logger: Logger }

/** What is known of an instance. */
interface Lane {
  /** Times in the future for which something was announced (epoch milliseconds). */
  due: Set<number>;
  turns: Turns | null;
  /** Resolves when the loop of the last opening has ended. */
  finished: Promise<void>;
}

/**
 * The send queue of one process: a loop per open instance, which works the outbox until nothing is due and sleeps until something is.
 * It holds no messages, only times.
 */
export function createMemorySendQueue({ clock, logger }: MemorySendQueueDeps): SendQueue {
  const lanes = new Map<string, Lane>();
  let stopped = false;

  function laneOf(instanceId: string): Lane {
    const lane = lanes.get(instanceId) ?? { due: new Set(), turns: null, finished: Promise.resolve() };
    lanes.set(instanceId, lane);
    return lane;
  }

  async function loop(lane: Lane, turns: Turns, before: Promise<void>): Promise<void> {
    await before;
    while (!turns.hasEnded()) {
      const began = clock.now();
      const again = await turns.run(null);
      await turns.waitUntil(Math.min(again ?? Infinity, nextDue(lane.due, began)));
    }
  }

  function close(instanceId: string): Promise<void> {
    const lane = lanes.get(instanceId);
    if (lane === undefined) return Promise.resolve();
    const ending = lane.turns?.end();
    lane.turns = null;
    return Promise.all([ending, lane.finished]).then(() => undefined);
  }

  async function release(instanceId: string): Promise<true> {
    await close(instanceId);
    // It may have been opened again meanwhile.
    const lane = lanes.get(instanceId);
    if (lane?.turns === null) lanes.delete(instanceId);
    return true;
  }

  return {
    close,
    release,
    // It holds no messages.
    async forget(instanceId) {
      await release(instanceId);
    },
    async announce(instanceId, entries) {
      if (stopped || entries.length === 0) return;
      const lane = laneOf(instanceId);
      const now = clock.now();
      for (const { dueAt } of entries) if (dueAt > now) lane.due.add(dueAt);
      lane.turns?.wake();
    },
    async open(instanceId, work: QueueWork) {
      if (stopped) return;
      const lane = laneOf(instanceId);
      if (lane.turns !== null) {
        lane.turns.replace(work);
        return;
      }
      lane.turns = createTurns({ instanceId, work, clock, logger });
      lane.finished = loop(lane, lane.turns, lane.finished);
    },
    nudge(instanceId) {
      lanes.get(instanceId)?.turns?.wake();
    },
    async stop() {
      stopped = true;
      await Promise.all([...lanes.keys()].map(close));
      lanes.clear();
    },
  };
}

/** The earliest time that the turn which began at `seen` has not worked yet; drops the others. */
function nextDue(due: Set<number>, seen: number): number {
  let next = Infinity;
  for (const at of due) {
    if (at <= seen) due.delete(at);
    else next = Math.min(next, at);
  }
  return next;
}
