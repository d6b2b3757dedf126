import { DomainError, isDomainError } from '../../domain/errors.js';
import type { MediaKind } from '../../domain/messages/content.js';
import type { BulkAnswer, BulkItem, GatewayUseCases } from '../../usecases/gateway.js';
import type { App, HttpLimits } from '../http-app.js';
import { BULK_KINDS, BulkAnswerSchema, SendBulk } from '../schemas/bulk.js';
import { InstanceParams } from '../schemas/common.js';
import { problems } from '../schemas/problem.js';
import { SendLocation, SendMediaJson, SendText } from '../schemas/send.js';
import { readIdempotencyKey, readTimes, type SendTimes } from '../send-options.js';
import { compileCheck } from '../validation.js';
import { viewQueued } from '../views/message.js';
import { mediaFromJson } from './send-media.js';

type Kind = (typeof BULK_KINDS)[number];
const schemaOf = (kind: Kind) => (kind === 'text' ? SendText : kind === 'location' ? SendLocation : SendMediaJson(kind));
const checks = new Map(BULK_KINDS.map(kind => [kind, compileCheck(schemaOf(kind), kind)]));

/** Many messages in one call, all asynchronous. */
export function sendBulkRoute(app: App, { usecases, limits }: { usecases: GatewayUseCases; limits: HttpLimits }): void {
  app.post('/instances/:instanceId/messages/bulk', {
    config: { scope: 'messages:send', audit: 'message.send_bulk' },
    bodyLimit: Math.ceil(limits.mediaBytes / 3) * 4 + limits.jsonBodyBytes,
    schema: {
      summary: 'Queue many messages', operationId: 'sendBulk', tags: ['Messages'],
      description: 'Up to 1,000 messages. Each is checked by itself and answered by itself; those that are good are on disk when the answer comes.',
      params: InstanceParams, body: SendBulk,
      response: { 202: BulkAnswerSchema, ...problems('validation_failed', 'instance_not_found', 'unsupported_media_type', 'payload_too_large') },
    },
  }, async (request, reply) => {
    const answers = await usecases.queueMessages(request.params.instanceId, request.body.messages.map(readItem));
    const messages = answers.map(viewItem);
    const refused = answers.filter(answer => answer.kind === 'refused').length;
    request.auditNote = { detail: { accepted: messages.length - refused, refused } };
    return reply.code(202).send({ accepted: messages.length - refused, refused, messages });
  });
}

/** One item as the route of its kind would read it, or why that would refuse it. */
function readItem(item: { type: Kind; idempotencyKey?: string }): BulkItem | DomainError {
  const { type, idempotencyKey, ...body } = item;
  try {
    const failure = checks.get(type)?.(body);
    if (failure) return failure;
    const { scheduledAt, expiresAt, ...message } = body as SendTimes;
    const options = { idempotencyKey: readIdempotencyKey(idempotencyKey, 'idempotencyKey'), ...readTimes({ scheduledAt, expiresAt }) };
    const request = type === 'text' || type === 'location' ? { type, ...message } : mediaFromJson(type satisfies MediaKind, message as SendMediaJson);
    return { request: request as BulkItem['request'], options };
  } catch (error) {
    if (isDomainError(error)) return error;
    throw error;
  }
}

function viewItem(answer: BulkAnswer, index: number): object {
  if (answer.kind === 'queued') return { index, ...viewQueued(answer) };
  const { code, message, field, hint } = answer.error;
  return { index, status: 'refused', error: { code, detail: message, ...(field === undefined ? {} : { field }), ...(hint === undefined ? {} : { hint }) } };
}
