import type { GatewayUseCases } from '../../usecases/gateway.js';
import type { App } from '../http-app.js';
import { InstanceParams, Ref, WebhookParams } from '../schemas/common.js';
import { problems } from '../schemas/problem.js';
import { CreateWebhook, CreatedWebhook, RotateSecret, UpdateWebhook, WebhookList, WebhookSchema } from '../schemas/webhook.js';
import { viewWebhook } from '../views/webhook.js';

const tags = ['Webhooks'];
const missing = problems('validation_failed', 'instance_not_found', 'webhook_not_found');

/** Webhooks of an instance; the deliveries to them have routes of their own. */
export function webhookRoutes(app: App, { usecases }: { usecases: GatewayUseCases }): void {
  app.post('/instances/:instanceId/webhooks', {
    config: { scope: 'webhooks:write', audit: 'webhook.create' },
    schema: {
      summary: 'Create a webhook', operationId: 'createWebhook', tags,
      description: 'Events are posted to it as Standard Webhooks: signed, retried, each with an id that stays the same. The secret is in this answer and in no other.',
      params: InstanceParams, body: CreateWebhook,
      response: { 201: Ref(CreatedWebhook), ...problems('validation_failed', 'instance_not_found', 'address_not_allowed', 'unsupported_media_type', 'payload_too_large') },
    },
  }, async (request, reply) => {
    const webhook = await usecases.createWebhook(request.params.instanceId, request.body);
    request.auditNote = { detail: { webhookId: webhook.id } };
    return reply.code(201).header('location', `/instances/${request.params.instanceId}/webhooks/${webhook.id}`).send({ ...viewWebhook(webhook), secret: webhook.secret });
  });

  app.get('/instances/:instanceId/webhooks', {
    config: { scope: 'webhooks:write' },
    schema: {
      summary: 'List webhooks', operationId: 'listWebhooks', tags,
      description: 'The webhooks of an instance, without their secrets.',
      params: InstanceParams, response: { 200: WebhookList, ...problems('validation_failed', 'instance_not_found') },
    },
  }, async request => ({ webhooks: (await usecases.listWebhooks(request.params.instanceId)).map(viewWebhook) }));

  app.get('/instances/:instanceId/webhooks/:webhookId', {
    config: { scope: 'webhooks:write' },
    schema: {
      summary: 'Get a webhook', operationId: 'getWebhook', tags,
      description: 'One webhook, without its secret.',
      params: WebhookParams, response: { 200: Ref(WebhookSchema), ...missing },
    },
  }, async request => viewWebhook(await usecases.getWebhook(request.params.instanceId, request.params.webhookId)));

  app.patch('/instances/:instanceId/webhooks/:webhookId', {
    config: { scope: 'webhooks:write', audit: 'webhook.update' },
    schema: {
      summary: 'Change a webhook', operationId: 'updateWebhook', tags,
      description: 'Changes what is given; a new secret alone signs from the next attempt on (rotate-secret has an overlap). A new url, secret or headers, or enabling it, sends at once what waits for its next attempt.',
      params: WebhookParams, body: UpdateWebhook,
      response: { 200: Ref(WebhookSchema), ...problems('validation_failed', 'instance_not_found', 'webhook_not_found', 'address_not_allowed', 'unsupported_media_type', 'payload_too_large') },
    },
  }, async request => viewWebhook(await usecases.updateWebhook(request.params.instanceId, request.params.webhookId, request.body)));

  app.delete('/instances/:instanceId/webhooks/:webhookId', {
    config: { scope: 'webhooks:write', audit: 'webhook.delete' },
    schema: {
      summary: 'Delete a webhook', operationId: 'deleteWebhook', tags,
      description: 'Nothing more is posted to it; deliveries that were waiting go with it.',
      params: WebhookParams, response: { 204: { type: 'null', description: 'It is gone.' }, ...missing },
    },
  }, async (request, reply) => {
    await usecases.deleteWebhook(request.params.instanceId, request.params.webhookId);
    return reply.code(204).send(null);
  });

  app.post('/instances/:instanceId/webhooks/:webhookId/rotate-secret', {
    config: { scope: 'webhooks:write', audit: 'webhook.rotate_secret' },
    schema: {
      summary: 'Replace the secret', operationId: 'rotateWebhookSecret', tags,
      description: 'A new secret, given or made. Until the overlap is over each post carries the signature of both, so that receivers can change over in their own time. The secret is in this answer and in no other.',
      params: WebhookParams, body: RotateSecret,
      response: { 200: Ref(CreatedWebhook), ...problems('validation_failed', 'instance_not_found', 'webhook_not_found', 'unsupported_media_type', 'payload_too_large') },
    },
  }, async request => {
    const { secret, overlapSeconds } = request.body ?? {};
    const overlapMs = overlapSeconds === undefined ? undefined : overlapSeconds * 1_000;
    const webhook = await usecases.rotateSecret(request.params.instanceId, request.params.webhookId, { secret, overlapMs });
    return { ...viewWebhook(webhook), secret: webhook.secret };
  });
}
