import type { FastifyRequest } from 'fastify';
import { DomainError } from '../domain/errors.js';
import type { GatewayUseCases, SendAnswer, SendRequest } from '../usecases/gateway.js';
import { readTime } from './read-time.js';

/** What of a body says when, and not what; the same for every kind of message. */
export interface SendTimes { scheduledAt?: string | undefined; expiresAt?: string | undefined }

const KEY = /^[\x21-\x7e]{1,255}$/;

/** Whether the caller wants the message queued. @throws DomainError `validation_failed` for a header that is neither yes nor no */
export function wantsAsync(request: FastifyRequest): boolean {
  const { async = false } = request.query as { async?: boolean };
  return async || flag(request.headers['x-async']);
}

function flag(header: string | string[] | undefined): boolean {
  if (header === undefined) return false;
  const word = String(header).trim().toLowerCase();
  if (['true', '1', 'yes'].includes(word)) return true;
  if (['false', '0', 'no', ''].includes(word)) return false;
  throw new DomainError('validation_failed', 'X-Async must be true or false.', { field: 'X-Async' });
}

/** @throws DomainError `validation_failed` */
export function readIdempotencyKey(value: unknown, field: string): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string' && KEY.test(value)) return value;
  throw new DomainError('validation_failed', 'An idempotency key has 1 to 255 visible ASCII characters, without spaces.', { field });
}

/** @throws DomainError `validation_failed` */
export function readTimes({ scheduledAt, expiresAt }: SendTimes): { scheduledAt?: number; expiresAt?: number } {
  return {
    ...(scheduledAt === undefined ? {} : { scheduledAt: readTime(scheduledAt, 'scheduledAt') }),
    ...(expiresAt === undefined ? {} : { expiresAt: readTime(expiresAt, 'expiresAt') }),
  };
}

/** Sends or queues, as the caller asked for; the audit log tells which message it became. */
export async function sendOrQueue(usecases: Sends, request: FastifyRequest, instanceId: string, message: SendRequest, times: SendTimes): Promise<SendAnswer> {
  const answer = await send(usecases, request, instanceId, message, times);
  request.auditNote = { detail: { messageId: answer.messageId } };
  return answer;
}

type Sends = Pick<GatewayUseCases, 'sendMessage' | 'queueMessage'>;

async function send(usecases: Sends, request: FastifyRequest, instanceId: string, message: SendRequest, times: SendTimes): Promise<SendAnswer> {
  const idempotencyKey = readIdempotencyKey(request.headers['idempotency-key'], 'Idempotency-Key');
  if (wantsAsync(request)) return usecases.queueMessage(instanceId, message, { idempotencyKey, ...readTimes(times) });
  const field = times.scheduledAt !== undefined ? 'scheduledAt' : times.expiresAt !== undefined ? 'expiresAt' : null;
  if (field !== null) {
    throw new DomainError('validation_failed', `${field} is only possible for an asynchronous send; nothing was sent.`, { field, hint: 'Add ?async=true or the header X-Async: true.' });
  }
  return usecases.sendMessage(instanceId, message, { idempotencyKey });
}
