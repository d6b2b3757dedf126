import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import { ControlError } from '../errors.js';
import type { LogEvent } from '../log.js';
import { normaliseNumber } from '../jids.js';
import type { SimulatorControls } from '../controls.js';
import { addContactRoutes } from './contacts.js';
import { addGroupRoutes } from './groups.js';
import { addPhoneRoutes } from './phones.js';
import { FaultBody, LogQuery } from './schemas.js';

/** Media come as base64 in JSON. */
const BODY_LIMIT = 128 * 1024 * 1024;

/** The HTTP control API. Errors are `{code, message}` with a fitting status. */
export function createControlApp(controls: SimulatorControls): FastifyInstance {
  const base = Fastify({ bodyLimit: BODY_LIMIT, forceCloseConnections: true });
  const app = base.withTypeProvider<TypeBoxTypeProvider>();

  app.setErrorHandler<FastifyError | ControlError>((error, _request, reply) => {
    if (error instanceof ControlError) return reply.status(error.status).send({ code: error.code, message: error.message });
    if (error.validation) return reply.status(400).send({ code: 'invalid_request', message: error.message });
    const status = error.statusCode ?? 500;
    return reply.status(status).send({ code: status < 500 ? 'invalid_request' : 'internal_error', message: error.message });
  });
  app.setNotFoundHandler((request, reply) =>
    reply.status(404).send({ code: 'not_found', message: `There is no ${request.method} ${request.url.split('?')[0]}.` }),
  );

  app.get('/health', () => ({ status: 'ok', phones: controls.phones.list().length }));
  app.get('/trust', () => controls.trust);
  app.get('/stats', () => controls.stats());
  app.get('/log', { schema: { querystring: LogQuery } }, ({ query: { event, phone, ...rest } }) => ({
    entries: controls.log({
      ...rest,
      ...(phone !== undefined && { phone: normaliseNumber(phone) }),
      ...(event !== undefined && { event: event as LogEvent }),
    }),
  }));

  app.post('/faults', { schema: { body: FaultBody } }, ({ body }, reply) => reply.status(201).send(controls.faults.add(body)));
  app.get('/faults', () => ({ faults: controls.faults.list() }));
  app.delete('/faults', (_request, reply) => {
    controls.faults.clear();
    return reply.status(204).send();
  });

  addPhoneRoutes(base, controls);
  addContactRoutes(base, controls);
  addGroupRoutes(base, controls);
  return base;
}
