import { randomUUID } from 'node:crypto';
import type { JobsOptions } from 'bullmq';
import { queueIdOf } from '../../domain/messages/message.js';
import type { QueueEntry } from '../../ports/message-store.js';

/** What a job carries: an id and nothing else; the rest is in the messages table. null: whatever is due. */
export interface SendJob { messageId: string | null }

/** Fits BullMQ's `addBulk`. */
export interface NewJob { name: string; data: SendJob; opts: JobsOptions }

/** Nothing is kept of a job that ended, not even of one that failed: its id would make Redis ignore the next one for that message. */
const LEAVE_NOTHING: JobsOptions = { removeOnComplete: true, removeOnFail: true };

/** @param now epoch milliseconds */
export function jobFor({ messageId, dueAt }: QueueEntry, now: number): NewJob {
  return { name: 'send', data: { messageId }, opts: { ...LEAVE_NOTHING, jobId: queueIdOf(messageId), delay: Math.max(0, dueAt - now) } };
}

/** A job that works whatever is due, now. Each has its own id: Redis may still know one as under way whose turn is long over. */
export function lookJob(): NewJob {
  return { name: 'look', data: { messageId: null }, opts: { ...LEAVE_NOTHING, jobId: `look_${randomUUID()}` } };
}

/** The same, later; one for each time. */
export function lookJobAt(at: number, now: number): NewJob {
  const time = Math.ceil(at);
  return { name: 'look', data: { messageId: null }, opts: { ...LEAVE_NOTHING, jobId: `look_at_${time}`, delay: Math.max(0, time - now) } };
}
