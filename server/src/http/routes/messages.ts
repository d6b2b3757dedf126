import { create as contentDisposition } from 'content-disposition';
import { Type } from 'typebox';
import type { GatewayUseCases } from '../../usecases/gateway.js';
import { DomainError } from '../../domain/errors.js';
import type { App } from '../http-app.js';
import { InstanceParams, MessageParams, Ref } from '../schemas/common.js';
import { ListMessagesQuery, MessageList, MessageSchema } from '../schemas/message.js';
import { problems } from '../schemas/problem.js';
import { cutPage, viewMessage } from '../views/message.js';
import { iso } from '../views/time.js';

const tags = ['Messages'];
const MIMETYPE = /^[\w.+-]+\/[\w.+-]+(;[\x20-\x7e]*)?$/;

/** What became of messages, and the media of those that were received. */
export function messageRoutes(app: App, { usecases }: { usecases: GatewayUseCases }): void {
  app.get('/instances/:instanceId/messages', {
    schema: {
      summary: 'List messages', operationId: 'listMessages', tags,
      description: 'Messages of both directions, newest first, page by page.',
      params: InstanceParams, querystring: ListMessagesQuery,
      response: { 200: MessageList, ...problems('validation_failed', 'instance_not_found') },
    },
  }, async request => {
    const { limit = 50, before, direction, chatId } = request.query;
    const rows = await usecases.listMessages(request.params.instanceId, { limit: limit + 1, before: readCursor(before), direction, chatId });
    const { page, next } = cutPage(rows, limit);
    return { messages: page.map(viewMessage), ...(next === null ? {} : { next: iso(next) }) };
  });

  app.get('/instances/:instanceId/messages/:messageId', {
    schema: {
      summary: 'Get a message', operationId: 'getMessage', tags,
      description: 'State, attempts, times and, where it failed, the reason.',
      params: MessageParams, response: { 200: Ref(MessageSchema), ...problems('validation_failed', 'instance_not_found', 'message_not_found') },
    },
  }, async request => viewMessage(await usecases.getMessage(request.params.instanceId, request.params.messageId)));

  app.get('/instances/:instanceId/messages/:messageId/media', {
    // HEAD would fetch everything from WhatsApp to throw it away.
    exposeHeadRoute: false,
    schema: {
      summary: 'Get the media of a message', operationId: 'getMessageMedia', tags,
      description: 'The decrypted bytes, as they come from WhatsApp. An answer that breaks off was not complete.',
      params: MessageParams,
      response: {
        200: { description: 'The media', content: { 'application/octet-stream': { schema: Type.Unsafe<NodeJS.ReadableStream>({ type: 'string', format: 'binary' }) } } },
        ...problems('validation_failed', 'instance_not_found', 'message_not_found', 'media_not_found', 'media_unavailable', 'instance_not_connected'),
      },
    },
  }, async (request, reply) => {
    const { stream, mimetype, fileName } = await usecases.getMessageMedia(request.params.instanceId, request.params.messageId);
    // No Content-Length: the size is the sender's claim. Nor is the type believed beyond its form, and nothing is shown in place.
    return reply
      .type(MIMETYPE.test(mimetype) ? mimetype : 'application/octet-stream')
      .header('content-disposition', contentDisposition(fileName ?? undefined))
      .header('content-security-policy', "default-src 'none'; sandbox")
      .send(stream);
  });
}

function readCursor(before: string | undefined): number | undefined {
  if (before === undefined) return undefined;
  const at = Date.parse(before);
  if (Number.isNaN(at)) throw new DomainError('validation_failed', 'before must be the next of an earlier answer, or a time in ISO 8601.', { field: 'before' });
  return at;
}
