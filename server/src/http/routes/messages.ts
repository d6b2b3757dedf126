import { create as contentDisposition } from 'content-disposition';
import { Type } from 'typebox';
import type { GatewayUseCases } from '../../usecases/gateway.js';
import { readCursor, writeCursor } from '../cursor.js';
import type { App } from '../http-app.js';
import { InstanceParams, MessageParams, Ref } from '../schemas/common.js';
import { GetMessageQuery, ListMessagesQuery, MessageList, MessageSchema } from '../schemas/message.js';
import { problems } from '../schemas/problem.js';
import { viewMessage } from '../views/message.js';

const tags = ['Messages'];
const MIMETYPE = /^[\w.+-]+\/[\w.+-]+(;[\x20-\x7e]*)?$/;

/** What became of messages, and the media of those that were received. */
export function messageRoutes(app: App, { usecases }: { usecases: GatewayUseCases }): void {
  app.get('/instances/:instanceId/messages', {
    config: { scope: 'messages:read' },
    schema: {
      summary: 'List messages', operationId: 'listMessages', tags,
      description: 'Messages of both directions, newest first, page by page: give the next of an answer as cursor to get the page after it.',
      params: InstanceParams, querystring: ListMessagesQuery,
      response: { 200: MessageList, ...problems('validation_failed', 'instance_not_found') },
    },
  }, async request => {
    const { limit = 50, cursor, direction, chatId } = request.query;
    const page = await usecases.listMessages(request.params.instanceId, { limit, cursor: cursor === undefined ? undefined : readCursor(cursor), direction, chatId });
    return { messages: page.messages.map(viewMessage), ...(page.next === null ? {} : { next: writeCursor(page.next) }) };
  });

  app.get('/instances/:instanceId/messages/:messageId', {
    config: { scope: 'messages:read' },
    schema: {
      summary: 'Get a message', operationId: 'getMessage', tags,
      description: 'State, attempts, times and, where it failed, the reason. With waitFor the answer comes when the message has got there, or when the time is over.',
      params: MessageParams, querystring: GetMessageQuery,
      response: { 200: Ref(MessageSchema), ...problems('validation_failed', 'instance_not_found', 'message_not_found') },
    },
  }, async request => {
    const { instanceId, messageId } = request.params;
    const { waitFor, timeoutSeconds = 30 } = request.query;
    return viewMessage(waitFor === undefined
      ? await usecases.getMessage(instanceId, messageId)
      : await usecases.awaitMessage(instanceId, messageId, waitFor, timeoutSeconds * 1_000));
  });

  app.post('/instances/:instanceId/messages/:messageId/cancel', {
    config: { scope: 'messages:send', audit: 'message.cancel' },
    schema: {
      summary: 'Cancel a queued message', operationId: 'cancelMessage', tags,
      description: 'Takes a message that has not gone out yet out of the queue; the recipient never sees it.',
      params: MessageParams,
      response: { 200: Ref(MessageSchema), ...problems('validation_failed', 'instance_not_found', 'message_not_found', 'message_not_cancellable') },
    },
  }, async request => viewMessage(await usecases.cancelMessage(request.params.instanceId, request.params.messageId)));

  app.get('/instances/:instanceId/messages/:messageId/media', {
    config: { scope: 'messages:read' },
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
