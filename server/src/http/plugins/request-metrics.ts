import fp from 'fastify-plugin';
import type { Metrics } from '../../ports/metrics.js';
import type { App } from '../http-app.js';

/** Counts each request by the route it went to, never by its address. */
export const requestMetricsPlugin = fp(async (app: App, { metrics }: { metrics: Pick<Metrics, 'requestAnswered'> }) => {
  app.addHook('onResponse', async (request, reply) => {
    const route = request.is404 ? null : request.routeOptions.url ?? null;
    metrics.requestAnswered({ method: request.method, route, status: reply.statusCode, ms: reply.elapsedTime });
  });
}, { name: 'request-metrics' });
