import type { GatewayUseCases } from '../../usecases/gateway.js';
import type { App } from '../http-app.js';
import { DeliveryParams, InstanceParams, Ref, WebhookParams } from '../schemas/common.js';
import { problems } from '../schemas/problem.js';
import { CreateWebhook, CreatedWebhook, DeliveryList, DeliverySchema, ListDeliveriesQuery, UpdateWebhook, WebhookList, WebhookSchema } from '../schemas/webhook.js';
import { viewDelivery, viewWebhook } from '../views/webhook.js';

const tags = ['Webhooks'];
const missing = problems('validation_failed', 'instance_not_found', 'webhook_not_found');

/** Webhooks of an instance, and the deliveries to them. */
export function webhookRoutes(app: App, { usecases }: { usecases: GatewayUseCases }): void {
  app.post('/instances/:instanceId/webhooks', {
    schema: {
      summary: 'Create a webhook', operationId: 'createWebhook', tags,
      description: 'Events are posted to it as Standard Webhooks: signed, retried, each with an id that stays the same. The secret is in this answer and in no other.',
      params: InstanceParams, body: CreateWebhook,
      response: { 201: Ref(CreatedWebhook), ...problems('validation_failed', 'instance_not_found', 'unsupported_media_type', 'payload_too_large') },
    },
  }, async (request, reply) => {
    const webhook = await usecases.createWebhook(request.params.instanceId, request.body);
    return reply.code(201).header('location', `/instances/${request.params.instanceId}/webhooks/${webhook.id}`).send({ ...viewWebhook(webhook), secret: webhook.secret });
  });

  app.get('/instances/:instanceId/webhooks', {
    schema: {
      summary: 'List webhooks', operationId: 'listWebhooks', tags,
      description: 'The webhooks of an instance, without their secrets.',
      params: InstanceParams, response: { 200: WebhookList, ...problems('validation_failed', 'instance_not_found') },
    },
  }, async request => ({ webhooks: (await usecases.listWebhooks(request.params.instanceId)).map(viewWebhook) }));

  app.get('/instances/:instanceId/webhooks/:webhookId', {
    schema: {
      summary: 'Get a webhook', operationId: 'getWebhook', tags,
      description: 'One webhook, without its secret.',
      params: WebhookParams, response: { 200: Ref(WebhookSchema), ...missing },
    },
  }, async request => viewWebhook(await usecases.getWebhook(request.params.instanceId, request.params.webhookId)));

  app.patch('/instances/:instanceId/webhooks/:webhookId', {
    schema: {
      summary: 'Change a webhook', operationId: 'updateWebhook', tags,
      description: 'Changes what is given; a new secret signs from the next attempt on. A new url, secret or headers, or enabling it, sends at once what waits for its next attempt.',
      params: WebhookParams, body: UpdateWebhook,
      response: { 200: Ref(WebhookSchema), ...problems('validation_failed', 'instance_not_found', 'webhook_not_found', 'unsupported_media_type', 'payload_too_large') },
    },
  }, async request => viewWebhook(await usecases.updateWebhook(request.params.instanceId, request.params.webhookId, request.body)));

  app.delete('/instances/:instanceId/webhooks/:webhookId', {
    schema: {
      summary: 'Delete a webhook', operationId: 'deleteWebhook', tags,
      description: 'Nothing more is posted to it; deliveries that were waiting go with it.',
      params: WebhookParams, response: { 204: { type: 'null', description: 'It is gone.' }, ...missing },
    },
  }, async (request, reply) => {
    await usecases.deleteWebhook(request.params.instanceId, request.params.webhookId);
    return reply.code(204).send(null);
  });

  app.get('/instances/:instanceId/webhooks/:webhookId/deliveries', {
    schema: {
      summary: 'List deliveries', operationId: 'listDeliveries', tags,
      description: 'What was posted, or is about to be, newest first.',
      params: WebhookParams, querystring: ListDeliveriesQuery, response: { 200: DeliveryList, ...missing },
    },
  }, async request => {
    const { limit = 50, state } = request.query;
    const deliveries = await usecases.listDeliveries(request.params.instanceId, request.params.webhookId, { limit, state });
    return { deliveries: deliveries.map(viewDelivery) };
  });

  app.post('/instances/:instanceId/webhooks/:webhookId/deliveries/:deliveryId/replay', {
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
