import type { QueueEntry } from './message-store.js';

/**
 * Tells the worker of an instance that its outbox has something to do. The messages table is the truth, of what is to be sent and in
 * which order; the queue may forget everything and nothing is lost, since `announce` is called again for what still waits.
 */
export interface SendQueue {
  /**
   * Says that these messages are on disk, to be worked when they are due. Announcing one twice is harmless. Never rejects and never waits
   * for long: what could not be announced is announced again later.
   */
  announce(instanceId: string, entries: QueueEntry[]): Promise<void>;
  /** Begins to work an instance's queue here, one turn at a time. Opening it twice is harmless; a second `work` replaces the first. */
  open(instanceId: string, work: QueueWork): Promise<void>;
  /** Ends that, after the turn under way; entries stay. Harmless when it is not open. */
  close(instanceId: string): Promise<void>;
  /** What made the worker wait may be over (a setting, a cancelled message): it looks again now. */
  nudge(instanceId: string): void;
  /**
   * Closes it, and lets go of what this process keeps in memory of it; entries stay. Announce what waits again when it is opened again.
   * @returns whether it is closed; false where the queue does not answer: no turn runs here all the same, and the rest closes when it does
   */
  release(instanceId: string): Promise<boolean>;
  /** Deletes whatever the queue holds of an instance, for good; what cannot be deleted now is as soon as it can. */
  forget(instanceId: string): Promise<void>;
  /** Closes everything; no turn runs afterwards. Idempotent. */
  stop(): Promise<void>;
}

/**
 * One turn: works the outbox in its order.
 * @param upTo stop when this message has left the queue; null: go on until nothing is due
 * @returns null when that is reached; else when to come again (epoch milliseconds; at the next announcement or nudge in any case)
 */
export type QueueWork = (upTo: string | null) => Promise<{ again: number } | null>;
