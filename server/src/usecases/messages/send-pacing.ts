import { LRUCache } from 'lru-cache';
import type { InstanceSettings } from '../../domain/instances/instance.js';

/** A gap is up to this share longer than was asked for, so that sends do not beat like a clock; never shorter. */
const JITTER = 0.25;
const RECIPIENTS = 10_000;

/** The gaps between one instance's asynchronous sends. */
export interface SendPacing {
  /** When the next message to this recipient may go out (epoch milliseconds). What was written later than now says that the clock was set back. */
  opensAt(settings: InstanceSettings, to: string, now: number): number;
  /** A message was written just now. */
  written(to: string, now: number, random: number): void;
}

export function createSendPacing(): SendPacing {
  let last: { at: number; stretch: number } | null = null;
  // By size: a cache by number takes the memory for all its entries at once, for every instance.
  const recipients = new LRUCache<string, number>({ maxSize: RECIPIENTS, sizeCalculation: () => 1 });
  return {
    opensAt({ sendIntervalMs, recipientIntervalMs }, to, now) {
      const any = last === null || last.at > now ? 0 : last.at + Math.round(sendIntervalMs * last.stretch);
      const before = recipients.get(to);
      return Math.max(any, before === undefined || before > now ? 0 : before + recipientIntervalMs);
    },
    written(to, now, random) {
      last = { at: now, stretch: 1 + JITTER * random };
      recipients.set(to, now);
    },
  };
}
