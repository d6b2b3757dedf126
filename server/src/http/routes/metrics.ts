import { Type } from 'typebox';
import type { GatewayUseCases } from '../../usecases/gateway.js';
import type { App } from '../http-app.js';
import { problems } from '../schemas/problem.js';

/** GET /metrics: what this node counts, for Prometheus. */
export function metricsRoute(app: App, { usecases }: { usecases: Pick<GatewayUseCases, 'metrics'> }): void {
  app.get('/metrics', {
    config: { scope: 'instances:read', evenOverloaded: true, evenWithoutStore: true },
    schema: {
      summary: 'Metrics of this node', operationId: 'getMetrics', tags: ['Gateway'],
      description: 'In the text format of Prometheus. Each node of a cluster tells of what it owns, so that sums over all nodes are right; ask each by itself.',
      response: { 200: { description: 'The metrics', content: { 'text/plain': { schema: Type.Unsafe<Buffer>({ type: 'string' }) } } }, ...problems() },
    },
  }, async (_request, reply) => {
    const { contentType, text } = await usecases.metrics();
    // Bytes, because a schema of the answer would have a string encoded as JSON.
    return reply.type(contentType).header('cache-control', 'no-store').send(Buffer.from(text));
  });
}
