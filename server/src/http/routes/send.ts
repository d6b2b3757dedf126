import type { ErrorCode } from '../../domain/errors.js';
import type { GatewayUseCases } from '../../usecases/gateway.js';
import type { App } from '../http-app.js';
import { InstanceParams, Ref } from '../schemas/common.js';
import { problems } from '../schemas/problem.js';
import { QueuedMessageSchema, SendHeaders, SendLocation, SendQuery, SendText, SentMessageSchema } from '../schemas/send.js';
import { sendOrQueue } from '../send-options.js';
import { viewSend } from '../views/message.js';

/** What any send may come to. */
export const SEND_PROBLEMS: ErrorCode[] = [
  'validation_failed', 'recipient_invalid', 'instance_not_found', 'instance_not_connected', 'recipient_not_on_whatsapp',
  'quoted_message_not_found', 'idempotency_key_reused', 'message_failed', 'whatsapp_ack_timeout', 'whatsapp_rejected', 'whatsapp_unavailable',
  'unsupported_media_type', 'payload_too_large',
];

/** What a send answers when all is well. */
export const SEND_ANSWERS = { 201: Ref(SentMessageSchema), 202: Ref(QueuedMessageSchema) };

const HOW = '201 when WhatsApp has acknowledged the message, and a problem in every other case. With X-Async: true or ?async=true 202 as soon as the message is on disk.';

/** Messages without media. They answer when WhatsApp has acknowledged, or, where that was asked for, when they are on disk. */
export function sendRoutes(app: App, { usecases }: { usecases: GatewayUseCases }): void {
  app.post('/instances/:instanceId/messages/text', {
    config: { scope: 'messages:send', audit: 'message.send' },
    schema: {
      summary: 'Send a text', operationId: 'sendText', tags: ['Messages'],
      description: `Answers ${HOW}`,
      params: InstanceParams, querystring: SendQuery, headers: SendHeaders, body: SendText,
      response: { ...SEND_ANSWERS, ...problems(...SEND_PROBLEMS) },
    },
  }, async (request, reply) => {
    const { scheduledAt, expiresAt, ...text } = request.body;
    const { code, body } = viewSend(await sendOrQueue(usecases, request, request.params.instanceId, { type: 'text', ...text }, { scheduledAt, expiresAt }));
    return reply.code(code).send(body);
  });

  app.post('/instances/:instanceId/messages/location', {
    config: { scope: 'messages:send', audit: 'message.send' },
    schema: {
      summary: 'Send a location', operationId: 'sendLocation', tags: ['Messages'],
      description: `Answers ${HOW}`,
      params: InstanceParams, querystring: SendQuery, headers: SendHeaders, body: SendLocation,
      response: { ...SEND_ANSWERS, ...problems(...SEND_PROBLEMS) },
    },
  }, async (request, reply) => {
    const { scheduledAt, expiresAt, ...location } = request.body;
    const { code, body } = viewSend(await sendOrQueue(usecases, request, request.params.instanceId, { type: 'location', ...location }, { scheduledAt, expiresAt }));
    return reply.code(code).send(body);
  });
}
