import { mayTouch } from '../../domain/access/scopes.js';
import { DomainError } from '../../domain/errors.js';
import type { GatewayUseCases } from '../../usecases/gateway.js';
import type { App } from '../http-app.js';
import { InstanceParams, Ref } from '../schemas/common.js';
import { CreateInstance, DeleteInstanceQuery, InstanceList, InstanceSchema, ListInstancesQuery, UpdateInstance } from '../schemas/instance.js';
import { problems } from '../schemas/problem.js';
import { viewInstance } from '../views/instance.js';

const tags = ['Instances'];
const instance = Ref(InstanceSchema);
const missing = problems('validation_failed', 'instance_not_found');

/** Instances: create, list, get, patch, delete, restore. */
export function instanceRoutes(app: App, { usecases }: { usecases: GatewayUseCases }): void {
  app.post('/instances', {
    config: { scope: 'instances:write', audit: 'instance.create', servesBoundKeys: true },
    schema: {
      summary: 'Create an instance', operationId: 'createInstance', tags,
      description: 'Makes a place for one WhatsApp account. Connect it next. The id of a deleted instance stays taken: restore it instead.',
      body: CreateInstance,
      response: { 201: instance, ...problems('validation_failed', 'instance_exists', 'unsupported_media_type', 'payload_too_large') },
    },
  }, async (request, reply) => {
    const { instanceId } = request.body;
    request.auditNote = { instanceId };
    if (request.principal && !mayTouch(request.principal, instanceId)) {
      throw new DomainError('forbidden', `The API key "${request.principal.name}" is bound to other instances.`, { field: 'instanceId', hint: `It may make: ${request.principal.instances?.slice(0, 10).join(', ')}.` });
    }
    const view = await usecases.createInstance(request.body);
    return reply.code(201).header('location', `/instances/${view.instanceId}`).send(viewInstance(view));
  });

  app.get('/instances', {
    config: { scope: 'instances:read', servesBoundKeys: true },
    schema: {
      summary: 'List instances', operationId: 'listInstances', tags,
      description: 'All instances with the state of their connection, by creation; for a key that is bound to instances those alone.',
      querystring: ListInstancesQuery,
      response: { 200: InstanceList, ...problems('validation_failed') },
    },
  }, async request => {
    const views = await usecases.listInstances({ includeDeleted: request.query.includeDeleted ?? false, only: request.principal?.instances });
    return { instances: views.map(viewInstance) };
  });

  app.get('/instances/:instanceId', {
    config: { scope: 'instances:read' },
    schema: {
      summary: 'Get an instance', operationId: 'getInstance', tags,
      description: 'One instance with the state of its connection.',
      params: InstanceParams, response: { 200: instance, ...missing },
    },
  }, async request => viewInstance(await usecases.getInstance(request.params.instanceId)));

  app.patch('/instances/:instanceId', {
    config: { scope: 'instances:write', audit: 'instance.update' },
    schema: {
      summary: 'Change an instance', operationId: 'updateInstance', tags,
      description: 'Changes name or settings; what is left out stays.',
      params: InstanceParams, body: UpdateInstance,
      response: { 200: instance, ...problems('validation_failed', 'instance_not_found', 'unsupported_media_type', 'payload_too_large') },
    },
  }, async request => viewInstance(await usecases.updateInstance(request.params.instanceId, request.body)));

  app.delete('/instances/:instanceId', {
    config: { scope: 'instances:write', audit: 'instance.delete' },
    schema: {
      summary: 'Delete an instance', operationId: 'deleteInstance', tags,
      description: 'Disconnects and hides the instance. Its session is kept, so that it can be restored without a new scan. With purge=true it is deleted for good, also when it was deleted before: the device is unlinked if it is connected, and session, messages, webhooks and deliveries are gone.',
      params: InstanceParams, querystring: DeleteInstanceQuery,
      response: { 200: instance, 204: { type: 'null', description: 'It is gone for good.' }, ...missing },
    },
  }, async (request, reply) => {
    const { instanceId } = request.params;
    if (!request.query.purge) return viewInstance(await usecases.deleteInstance(instanceId));
    // Nothing brings it back: whoever reads the audit log must be able to tell.
    request.auditNote = { detail: { purge: true } };
    await usecases.purgeInstance(instanceId);
    return reply.code(204).send(null);
  });

  app.post('/instances/:instanceId/restore', {
    config: { scope: 'instances:write', audit: 'instance.restore' },
    schema: {
      summary: 'Restore a deleted instance', operationId: 'restoreInstance', tags,
      description: 'Brings a deleted instance back as it was; it is not connected by that.',
      params: InstanceParams, response: { 200: instance, ...missing },
    },
  }, async request => viewInstance(await usecases.restoreInstance(request.params.instanceId)));
}
