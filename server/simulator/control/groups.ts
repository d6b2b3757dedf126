import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import type { SimulatorControls } from '../controls.js';
import { GroupBody, GroupParams, GroupWriteBody, MemberQuery } from './schemas.js';

/** Groups: their members write and read. */
export function addGroupRoutes(base: FastifyInstance, { groups }: SimulatorControls): void {
  const app = base.withTypeProvider<TypeBoxTypeProvider>();
  const params = GroupParams;

  app.post('/groups', { schema: { body: GroupBody } }, ({ body }, reply) => reply.status(201).send(groups.create(body)));
  app.get('/groups', () => ({ groups: groups.list() }));
  app.get('/groups/:jid', { schema: { params } }, (request) => groups.get(request.params.jid));
  app.post('/groups/:jid/messages', { schema: { params, body: GroupWriteBody } }, async (request, reply) =>
    reply.status(201).send(await groups.write(request.params.jid, request.body)),
  );
  app.get('/groups/:jid/messages', { schema: { params, querystring: MemberQuery } }, (request) =>
    groups.received(request.params.jid, request.query.member),
  );
}
