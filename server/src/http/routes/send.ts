import { DomainError } from '../../domain/errors.js';
import type { ErrorCode } from '../../domain/errors.js';
import type { FastifyRequest } from 'fastify';
import type { GatewayUseCases } from '../../usecases/gateway.js';
import type { App } from '../http-app.js';
import { InstanceParams, Ref } from '../schemas/common.js';
import { problems } from '../schemas/problem.js';
import { SendLocation, SendQuery, SendText, SentMessageSchema } from '../schemas/send.js';
import { viewSent } from '../views/message.js';

/** What any send may come to. */
export const SEND_PROBLEMS: ErrorCode[] = [
  'validation_failed', 'recipient_invalid', 'instance_not_found', 'instance_not_connected', 'recipient_not_on_whatsapp',
  'quoted_message_not_found', 'whatsapp_ack_timeout', 'whatsapp_rejected', 'whatsapp_unavailable',
  'unsupported_media_type', 'payload_too_large',
];

/** Messages without media. They answer when WhatsApp has acknowledged, and not before. */
export function sendRoutes(app: App, { usecases }: { usecases: GatewayUseCases }): void {
  app.post('/instances/:instanceId/messages/text', {
    preValidation: refuseAsync,
    schema: {
      summary: 'Send a text', operationId: 'sendText', tags: ['Messages'],
      description: 'Answers 201 when WhatsApp has acknowledged the message, and a problem in every other case.',
      params: InstanceParams, querystring: SendQuery, body: SendText,
      response: { 201: Ref(SentMessageSchema), ...problems(...SEND_PROBLEMS) },
    },
  }, async (request, reply) => {
    const sent = await usecases.sendMessage(request.params.instanceId, { type: 'text', ...request.body });
    return reply.code(201).send(viewSent(sent));
  });

  app.post('/instances/:instanceId/messages/location', {
    preValidation: refuseAsync,
    schema: {
      summary: 'Send a location', operationId: 'sendLocation', tags: ['Messages'],
      description: 'Answers 201 when WhatsApp has acknowledged the message.',
      params: InstanceParams, querystring: SendQuery, body: SendLocation,
      response: { 201: Ref(SentMessageSchema), ...problems(...SEND_PROBLEMS) },
    },
  }, async (request, reply) => {
    const sent = await usecases.sendMessage(request.params.instanceId, { type: 'location', ...request.body });
    return reply.code(201).send(viewSent(sent));
  });
}

/** Never sends synchronously what was meant to be queued: a caller that asked for it counts on an answer at once. */
export async function refuseAsync(request: FastifyRequest): Promise<void> {
  const header = request.headers['x-async'];
  const query = (request.query as { async?: unknown }).async;
  const asked = (value: unknown) => value !== undefined && !['false', '0', 'no'].includes(String(value).toLowerCase());
  const field = asked(header) ? 'X-Async' : asked(query) ? 'async' : null;
  if (field) {
    throw new DomainError('validation_failed', 'Asynchronous sending is not available in this version; nothing was sent.', {
      field, hint: 'Leave it out: the answer comes when WhatsApp has acknowledged the message.',
    });
  }
}
