import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import type { SimulatorControls } from '../controls.js';
import { ControlError } from '../errors.js';
import { AutoReplyBody, ContactBody, NumberParams, ReceiptBody, WriteBody } from './schemas.js';

/** Contacts: every number writes, reads and answers. */
export function addContactRoutes(base: FastifyInstance, { contacts }: SimulatorControls): void {
  const app = base.withTypeProvider<TypeBoxTypeProvider>();
  const params = NumberParams;

  app.get('/contacts/:number', { schema: { params } }, (request) => contacts.get(request.params.number));
  app.patch('/contacts/:number', { schema: { params, body: ContactBody } }, (request) =>
    contacts.rename(request.params.number, request.body.name),
  );
  app.post('/contacts/:number/messages', { schema: { params, body: WriteBody } }, async (request, reply) =>
    reply.status(201).send(await contacts.write(request.params.number, request.body)),
  );
  app.get('/contacts/:number/messages', { schema: { params } }, (request) => contacts.received(request.params.number));
  app.get('/contacts/:number/sent', { schema: { params } }, (request) => contacts.sent(request.params.number));
  app.post('/contacts/:number/receipts', { schema: { params, body: ReceiptBody } }, (request, reply) => {
    contacts.sendReceipt(request.params.number, request.body.messageId, request.body.type);
    return reply.status(204).send();
  });
  app.post('/contacts/:number/auto-reply', { schema: { params, body: AutoReplyBody } }, (request) => {
    const { text, echo, read } = request.body;
    if ((text === undefined) === !echo) {
      throw new ControlError(400, 'invalid_request', 'Give either text, the answer, or echo: true.');
    }
    return contacts.setAutoReply(request.params.number, { text, read: read ?? true });
  });
  app.delete('/contacts/:number/auto-reply', { schema: { params } }, (request, reply) => {
    contacts.setAutoReply(request.params.number, undefined);
    return reply.status(204).send();
  });
}
