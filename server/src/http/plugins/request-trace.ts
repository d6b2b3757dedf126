import fp from 'fastify-plugin';
import type { Tracer } from '../../ports/tracer.js';
import { isOpen, type App } from '../http-app.js';

/**
 * Each request that needs a key is a stretch of a trace, of the caller's where the header `traceparent` names one; known by its route, never by its
 * address. What everybody may ask, such as whether the gateway is ready, is not recorded.
 */
export const requestTracePlugin = fp(async (app: App, { tracer }: { tracer: Tracer }) => {
  app.addHook('onRequest', (request, reply, done) => {
    if (isOpen(request.routeOptions.config.access)) {
      done();
      return;
    }
    const { method } = request;
    const route = request.is404 ? undefined : request.routeOptions.url;
    const { traceparent } = request.headers;
    const attributes = { 'http.request.method': method, ...(route === undefined ? {} : { 'http.route': route }) };
    void tracer.continueFrom(typeof traceparent === 'string' ? traceparent : null, route === undefined ? method : `${method} ${route}`, attributes, async note => {
      // Also where the caller goes away before the answer.
      const closed = new Promise<void>(resolve => { reply.raw.once('close', resolve); });
      // What follows runs within this; Fastify itself binds the reading of a body to the request.
      done();
      await closed;
      const { statusCode, headersSent } = reply.raw;
      if (!headersSent) note({ 'error.type': 'caller_went_away' });
      else note({ 'http.response.status_code': statusCode, ...(statusCode >= 500 ? { 'error.type': String(statusCode) } : {}) });
    }, 'server');
  });
}, { name: 'request-trace' });
