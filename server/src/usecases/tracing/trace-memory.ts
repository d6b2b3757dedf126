import { LRUCache } from 'lru-cache';
import type { Clock } from '../../ports/clock.js';

/** Messages and events at most, each with a line of 55 characters. */
const REMEMBERED = 10_000;
/** What takes longer to go on is a trace of its own. */
const REMEMBERED_MS = 30 * 60_000;

/** Which trace a message or an event belongs to, while it waits for what comes next. In memory alone: after a restart, or when another node takes an instance over, a new trace begins. */
export interface TraceMemory {
  keepMessage(instanceId: string, messageId: string, traceparent: string | null): void;
  message(instanceId: string, messageId: string): string | null;
  /** The first word counts: an event that is made once more, for a message that came again, is the same event. */
  keepEvent(eventId: string, traceparent: string | null): void;
  event(eventId: string): string | null;
}

export function createTraceMemory(clock: Pick<Clock, 'elapsed'>): TraceMemory {
  const limits = { max: REMEMBERED, ttl: REMEMBERED_MS, perf: { now: clock.elapsed } };
  const messages = new LRUCache<string, string>(limits);
  const events = new LRUCache<string, string>(limits);
  return {
    keepMessage(instanceId, messageId, traceparent) {
      if (traceparent !== null) messages.set(`${instanceId}/${messageId}`, traceparent);
    },
    message: (instanceId, messageId) => messages.get(`${instanceId}/${messageId}`) ?? null,
    keepEvent(eventId, traceparent) {
      if (traceparent !== null && !events.has(eventId)) events.set(eventId, traceparent);
    },
    event: eventId => events.get(eventId) ?? null,
  };
}
