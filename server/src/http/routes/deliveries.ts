import type { GatewayUseCases } from '../../usecases/gateway.js';
import { readCursorPair, writeCursor } from '../cursor.js';
import type { App } from '../http-app.js';
import { readTime } from '../read-time.js';
import { DeliveryParams, Ref, WebhookParams } from '../schemas/common.js';
import { problems } from '../schemas/problem.js';
import { DeliveryList, DeliverySchema, ListDeliveriesQuery, ReplayDeliveries, ReplayedSchema } from '../schemas/webhook.js';
import { viewDelivery } from '../views/webhook.js';

const tags = ['Webhooks'];

/** Deliveries to webhooks: what became of them, and once more. */
export function deliveryRoutes(app: App, { usecases }: { usecases: GatewayUseCases }): void {
  app.get('/instances/:instanceId/webhooks/:webhookId/deliveries', {
    config: { scope: 'webhooks:write' },
    schema: {
      summary: 'List deliveries', operationId: 'listDeliveries', tags,
      description: 'What was posted, or is about to be, newest first, page by page: give the next of an answer as cursor to get the page after it.',
      params: WebhookParams, querystring: ListDeliveriesQuery,
      response: { 200: DeliveryList, ...problems('validation_failed', 'instance_not_found', 'webhook_not_found') },
    },
  }, async request => {
    const { limit = 50, cursor, state, from, to } = request.query;
    const [createdAt, seq] = cursor === undefined ? [] : readCursorPair(cursor);
    const page = await usecases.listDeliveries(request.params.instanceId, request.params.webhookId, {
      limit, ...(state && { state }), ...readRange({ from, to }), ...(createdAt === undefined || seq === undefined ? {} : { cursor: { createdAt, seq } }),
    });
    return { deliveries: page.deliveries.map(viewDelivery), ...(page.next && { next: writeCursor(page.next.createdAt, page.next.seq) }) };
  });

  app.post('/instances/:instanceId/webhooks/:webhookId/deliveries/replay', {
    config: { scope: 'webhooks:write', audit: 'delivery.replay_many' },
    schema: {
      summary: 'Post deliveries again', operationId: 'replayDeliveries', tags,
      description: 'All dead deliveries, or those of a range of time, are posted once more: the same events with the same ids, in their order.',
      params: WebhookParams, body: ReplayDeliveries,
      response: { 202: ReplayedSchema, ...problems('validation_failed', 'instance_not_found', 'webhook_not_found', 'unsupported_media_type', 'payload_too_large') },
    },
  }, async (request, reply) => {
    const { instanceId, webhookId } = request.params;
    const { from, to, state } = request.body ?? {};
    return reply.code(202).send(await usecases.replayDeliveries(instanceId, webhookId, { ...readRange({ from, to }), state }));
  });

  app.post('/instances/:instanceId/webhooks/:webhookId/deliveries/:deliveryId/replay', {
    config: { scope: 'webhooks:write', audit: 'delivery.replay' },
    schema: {
      summary: 'Post a delivery again', operationId: 'replayDelivery', tags,
      description: 'The same event with the same id is posted once more, whatever became of it before; to a webhook that is disabled once it is enabled.',
      params: DeliveryParams,
      response: { 200: Ref(DeliverySchema), ...problems('validation_failed', 'instance_not_found', 'webhook_not_found', 'delivery_not_found') },
    },
  }, async request => {
    const { instanceId, webhookId, deliveryId } = request.params;
    return viewDelivery(await usecases.replayDelivery(instanceId, webhookId, deliveryId));
  });
}

function readRange({ from, to }: { from?: string | undefined; to?: string | undefined }): { from?: number; to?: number } {
  return { ...(from === undefined ? {} : { from: readTime(from, 'from') }), ...(to === undefined ? {} : { to: readTime(to, 'to') }) };
}
