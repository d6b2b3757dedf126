import type { NewAuditEntry } from '../../ports/audit-log.js';
import type { Clock } from '../../ports/clock.js';

const WINDOW_MS = 60_000;

export type Repeatable = Pick<NewAuditEntry, 'actor' | 'action' | 'instanceId' | 'outcome' | 'detail'>;

/** Notes what anybody may cause as often as he likes: two entries a minute for each actor and action, however often it happens. */
export interface Repeats {
  /** The first at once, and how many more there were when the minute is over. */
  add(entry: Repeatable): void;
  /** Notes what is counted by now. */
  stop(): void;
}

export function createRepeats({ note, clock }: { note: (entry: Omit<NewAuditEntry, 'at'>) => unknown; clock: Pick<Clock, 'after'> }): Repeats {
  const windows = new Map<string, { repeats: number; entry: Repeatable; cancel: () => void }>();

  function end(key: string): void {
    const window = windows.get(key);
    windows.delete(key);
    if (window && window.repeats > 0) note({ ...window.entry, instanceId: null, detail: { repeats: window.repeats }, requestId: null });
  }

  return {
    add(entry) {
      const key = `${entry.actor.id} ${entry.action} ${entry.outcome}`;
      const window = windows.get(key);
      if (window) {
        window.repeats += 1;
        return;
      }
      windows.set(key, { repeats: 0, entry, cancel: clock.after(WINDOW_MS, () => end(key)) });
      note({ ...entry, requestId: null });
    },
    stop() {
      for (const [key, { cancel }] of windows) {
        cancel();
        end(key);
      }
    },
  };
}
