import fp from 'fastify-plugin';
import { isOpen, type App } from '../http-app.js';

/** Names each request in its answer, and logs its end: never the query string, which may hold a signature. */
export const requestLogPlugin = fp(async (app: App) => {
  app.decorateRequest('problem', null);
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  app.addHook('onResponse', async (request, reply) => {
    const entry = {
      method: request.method,
      path: request.url.split('?')[0],
      status: reply.statusCode,
      ...(request.problem === null ? {} : { code: request.problem }),
      ms: Math.round(reply.elapsedTime),
    };
    if (isOpen(request.routeOptions.config.access)) request.log.debug(entry, 'request');
    else request.log.info(entry, 'request');
  });
  app.addHook('onRequestAbort', async request => {
    request.log.info({ method: request.method, path: request.url.split('?')[0] }, 'the caller went away before the answer');
  });
}, { name: 'request-log' });
