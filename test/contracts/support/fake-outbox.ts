import type { QueueEntry } from '@gateway/ports/message-store.js';
import type { QueueWork } from '@gateway/ports/send-queue.js';

/** An outbox in memory, to see what a send queue makes of it. */
export interface FakeOutbox {
  work: QueueWork;
  accept(entries: QueueEntry[]): void;
  /** In the order in which they left it, and when. */
  sent: string[];
  times: number[];
  /** Until then nothing goes out, and the work asks to come again at that time. */
  pauseUntil(at: number): void;
  /** How often the work asked to come again. */
  refusals(): number;
  /** From now on it does not ask to come again for what is due later. */
  forgetsTimes(): void;
  /** When it was asked to go up to this message. */
  asked(messageId: string): number[];
  /** The next turn ends only when that is called. */
  hold(): { release(): void };
  underWay(): boolean;
  /** How many turns have begun. */
  turns(): number;
}

export function createFakeOutbox(): FakeOutbox {
  const waiting: QueueEntry[] = [];
  const asked: { messageId: string | null; at: number }[] = [];
  const sent: string[] = [];
  const times: number[] = [];
  let [pausedUntil, refusals, tellsTimes, underWay] = [0, 0, true, 0];
  let gate: Promise<void> = Promise.resolve();

  async function turn(upTo: string | null): Promise<{ again: number } | null> {
    await gate;
    const inQueue = (): boolean => upTo === null || waiting.some(({ messageId }) => messageId === upTo);
    while (inQueue()) {
      const head = waiting[0];
      if (head === undefined) return null;
      const at = Math.max(pausedUntil, head.dueAt);
      if (at > Date.now()) {
        if (pausedUntil <= Date.now() && !tellsTimes) return null;
        refusals += 1;
        return { again: at };
      }
      waiting.shift();
      sent.push(head.messageId);
      times.push(Date.now());
      await Promise.resolve();
    }
    return null;
  }

  return {
    sent, times,
    async work(upTo) {
      asked.push({ messageId: upTo, at: Date.now() });
      underWay += 1;
      try {
        return await turn(upTo);
      } finally {
        underWay -= 1;
      }
    },
    accept(entries) {
      waiting.push(...entries);
      // Stable: what is due at the same time keeps the order of acceptance.
      waiting.sort((a, b) => a.dueAt - b.dueAt);
    },
    pauseUntil: at => { pausedUntil = at; },
    refusals: () => refusals,
    forgetsTimes: () => { tellsTimes = false; },
    asked: messageId => asked.filter(entry => entry.messageId === messageId).map(({ at }) => at),
    hold() {
      let release = (): void => undefined;
      gate = new Promise(resolve => { release = resolve; });
      return { release };
    },
    underWay: () => underWay > 0,
    turns: () => asked.length,
  };
}
