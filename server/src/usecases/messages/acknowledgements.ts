import type { Clock } from '../../ports/clock.js';
import type { ServerAck } from '../../ports/whatsapp-client.js';

/** How long a message may go without WhatsApp's acknowledgement: a synchronous send answers then, a resend is due then. */
export const ACK_TIMEOUT_MS = 30_000;

/** WhatsApp's word, with the time (epoch milliseconds) at which it was noted. */
export type NotedAck = ServerAck & { at: number };

/** Where senders wait for WhatsApp's word on their message, whichever socket brings it. */
export interface Acknowledgements {
  /**
   * null when nothing came within `timeoutMs`; `left` when the instance is left to another node, which will hear it. Wait before you send: an ack
   * may be faster than the call.
   */
  wait(instanceId: string, messageId: string, timeoutMs: number): Promise<NotedAck | null | 'left'>;
  /** The same for the queue, which has no use for waiting on a connection that is gone: `lost` then. */
  waitInQueue(instanceId: string, messageId: string, timeoutMs: number): Promise<NotedAck | null | 'lost'>;
  /** Whether the queue waits for this message, and so judges a refusal itself. */
  isInQueue(instanceId: string, messageId: string): boolean;
  settle(instanceId: string, ack: NotedAck): void;
  /** The queue alone is told: of an acknowledgement that is not on disk yet, or of a receipt, which makes up for one that was lost. */
  settleQueue(instanceId: string, ack: NotedAck): void;
  /** The connection that the queue's messages of this instance were written to is gone. */
  lose(instanceId: string): void;
  /** Resolves when no synchronous sender of this instance waits, or after that time. */
  quiet(instanceId: string, withinMs: number): Promise<void>;
  /** The instance is left to another node: synchronous senders hear nothing here any more. */
  leave(instanceId: string): void;
  /** Nobody waits any longer: as if everybody's time was over. */
  giveUp(): void;
  /** Whether `giveUp` was called: the process is about to end. */
  hasGivenUp(): boolean;
}

interface Waiter { instanceId: string; queue: boolean; ended: Promise<unknown>; answer(ack: NotedAck | null | 'lost' | 'left'): void }

export function createAcknowledgements(clock: Clock): Acknowledgements {
  const waiting = new Map<string, Set<Waiter>>();
  const key = (instanceId: string, messageId: string) => `${instanceId}/${messageId}`;
  let givenUp = false;

  function wait<T extends NotedAck | null | 'lost' | 'left'>(instanceId: string, messageId: string, timeoutMs: number, queue: boolean): Promise<T> {
    const name = key(instanceId, messageId);
    const waiters = waiting.get(name) ?? new Set();
    waiting.set(name, waiters);
    let resolve: (ack: T) => void = () => {};
    const ended = new Promise<T>(done => { resolve = done; });
    const waiter: Waiter = {
      instanceId, queue, ended,
      answer(ack) {
        waiters.delete(waiter);
        if (waiters.size === 0 && waiting.get(name) === waiters) waiting.delete(name);
        cancel();
        resolve(ack as T);
      },
    };
    const cancel = clock.after(timeoutMs, () => waiter.answer(null));
    waiters.add(waiter);
    return ended;
  }

  const all = () => [...waiting.values()].flatMap(waiters => [...waiters]);

  return {
    wait: (instanceId, messageId, timeoutMs) => wait(instanceId, messageId, timeoutMs, false),
    waitInQueue: (instanceId, messageId, timeoutMs) => wait(instanceId, messageId, timeoutMs, true),
    isInQueue: (instanceId, messageId) => [...waiting.get(key(instanceId, messageId)) ?? []].some(waiter => waiter.queue),
    settle(instanceId, ack) {
      for (const waiter of [...waiting.get(key(instanceId, ack.messageId)) ?? []]) waiter.answer(ack);
    },
    settleQueue(instanceId, ack) {
      for (const waiter of [...waiting.get(key(instanceId, ack.messageId)) ?? []]) if (waiter.queue) waiter.answer(ack);
    },
    lose(instanceId) {
      for (const waiter of all()) if (waiter.queue && waiter.instanceId === instanceId) waiter.answer('lost');
    },
    async quiet(instanceId, withinMs) {
      const asked = all().filter(waiter => !waiter.queue && waiter.instanceId === instanceId);
      if (asked.length === 0) return;
      await new Promise<void>(resolve => {
        const cancel = clock.after(withinMs, resolve);
        void Promise.all(asked.map(({ ended }) => ended)).then(() => {
          cancel();
          resolve();
        });
      });
    },
    leave(instanceId) {
      for (const waiter of all()) if (!waiter.queue && waiter.instanceId === instanceId) waiter.answer('left');
    },
    giveUp() {
      givenUp = true;
      for (const waiter of all()) waiter.answer(waiter.queue ? 'lost' : null);
    },
    hasGivenUp: () => givenUp,
  };
}
