import type { AccessUseCases } from '../../usecases/access/access-use-cases.js';
import type { App } from '../http-app.js';
import { Ref } from '../schemas/common.js';
import { CreatedKey, CreateKey, KeyList, KeyParams, KeySchema, UpdateKey } from '../schemas/key.js';
import { problems } from '../schemas/problem.js';
import { viewKey } from '../views/access.js';

const tags = ['Access'];

/** API keys: for admin keys that are not bound to instances, so that nobody can make a key that may more than his own. */
export function keyRoutes(app: App, { usecases }: { usecases: AccessUseCases }): void {
  app.post('/keys', {
    config: { scope: 'admin', audit: 'key.create' },
    schema: {
      summary: 'Create an API key', operationId: 'createKey', tags,
      description: 'Makes a key that permits what its scopes say, to all instances or to some. The key is in this answer and in no other.',
      body: CreateKey,
      response: { 201: Ref(CreatedKey), ...problems('validation_failed', 'unsupported_media_type', 'payload_too_large') },
    },
  }, async (request, reply) => {
    const { scopes, instances = null } = request.body;
    const { key, stored } = await usecases.createKey(request.body);
    request.auditNote = { detail: { keyId: stored.id, scopes, instances } };
    return reply.code(201).header('location', `/keys/${stored.id}`).send({ ...viewKey(stored), key });
  });

  app.get('/keys', {
    config: { scope: 'admin' },
    schema: {
      summary: 'List API keys', operationId: 'listKeys', tags,
      description: 'All keys, revoked ones too, by creation. That of CHASQUI_API_KEY is not among them: it is not stored.',
      response: { 200: KeyList, ...problems() },
    },
  }, async () => ({ keys: (await usecases.listKeys()).map(viewKey) }));

  app.get('/keys/:keyId', {
    config: { scope: 'admin' },
    schema: {
      summary: 'Get an API key', operationId: 'getKey', tags,
      description: 'One key, without what its holder sends.',
      params: KeyParams, response: { 200: Ref(KeySchema), ...problems('validation_failed', 'key_not_found') },
    },
  }, async request => viewKey(await usecases.getKey(request.params.keyId)));

  app.patch('/keys/:keyId', {
    config: { scope: 'admin', audit: 'key.update' },
    schema: {
      summary: 'Change an API key', operationId: 'updateKey', tags,
      description: 'Changes what is given, at once. The key itself stays the same. The last admin key cannot be narrowed.',
      params: KeyParams, body: UpdateKey,
      response: { 200: Ref(KeySchema), ...problems('validation_failed', 'key_not_found', 'last_admin_key', 'unsupported_media_type', 'payload_too_large') },
    },
  }, async request => {
    const { scopes, instances, rateLimitPerMinute } = request.body;
    request.auditNote = { detail: { scopes, instances, rateLimitPerMinute } };
    return viewKey(await usecases.updateKey(request.params.keyId, request.body));
  });

  app.delete('/keys/:keyId', {
    config: { scope: 'admin', audit: 'key.revoke' },
    schema: {
      summary: 'Revoke an API key', operationId: 'revokeKey', tags,
      description: 'It works no more, at once, and never again; it stays on the list. The last admin key cannot be revoked.',
      params: KeyParams, response: { 200: Ref(KeySchema), ...problems('validation_failed', 'key_not_found', 'last_admin_key') },
    },
  }, async request => viewKey(await usecases.revokeKey(request.params.keyId)));
}
