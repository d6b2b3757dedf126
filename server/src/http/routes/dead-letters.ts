import type { GatewayUseCases } from '../../usecases/gateway.js';
import { readCursor, writeCursor } from '../cursor.js';
import type { App } from '../http-app.js';
import { InstanceParams, MessageParams, Ref } from '../schemas/common.js';
import { DeadLetterList, ListDeadLettersQuery } from '../schemas/message.js';
import { problems } from '../schemas/problem.js';
import { QueuedMessageSchema } from '../schemas/send.js';
import { viewMessage, viewQueued } from '../views/message.js';

const tags = ['Messages'];
const missing = problems('validation_failed', 'instance_not_found', 'message_not_found', 'not_a_dead_letter');

/** Messages that failed for good. */
export function deadLetterRoutes(app: App, { usecases }: { usecases: GatewayUseCases }): void {
  app.get('/instances/:instanceId/dead-letters', {
    config: { scope: 'messages:read' },
    schema: {
      summary: 'List dead letters', operationId: 'listDeadLetters', tags,
      description: 'Messages that failed for good, each with its reason, newest first, page by page.',
      params: InstanceParams, querystring: ListDeadLettersQuery,
      response: { 200: DeadLetterList, ...problems('validation_failed', 'instance_not_found') },
    },
  }, async request => {
    const { limit = 50, cursor } = request.query;
    const page = await usecases.listDeadLetters(request.params.instanceId, { limit, cursor: cursor === undefined ? undefined : readCursor(cursor) });
    return { deadLetters: page.messages.map(viewMessage), ...(page.next === null ? {} : { next: writeCursor(page.next) }) };
  });

  app.post('/instances/:instanceId/dead-letters/:messageId/retry', {
    config: { scope: 'messages:send', audit: 'dead_letter.retry' },
    schema: {
      summary: 'Send a dead letter again', operationId: 'retryDeadLetter', tags,
      description: 'Puts the message at the end of the queue, with three new attempts and the same id: a recipient who has it already sees it once.',
      params: MessageParams, response: { 202: Ref(QueuedMessageSchema), ...missing },
    },
  }, async (request, reply) => reply.code(202).send(viewQueued(await usecases.retryDeadLetter(request.params.instanceId, request.params.messageId))));

  app.delete('/instances/:instanceId/dead-letters/:messageId', {
    config: { scope: 'messages:send', audit: 'dead_letter.discard' },
    schema: {
      summary: 'Discard a dead letter', operationId: 'discardDeadLetter', tags,
      description: 'Takes the message off the list. It stays failed, and can still be looked up.',
      params: MessageParams, response: { 204: { type: 'null', description: 'It is off the list.' }, ...missing },
    },
  }, async (request, reply) => {
    await usecases.discardDeadLetter(request.params.instanceId, request.params.messageId);
    return reply.code(204).send(null);
  });
}
