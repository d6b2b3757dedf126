import type { GatewayUseCases } from '../../usecases/gateway.js';
import type { App } from '../http-app.js';
import { requireReady } from '../plugins/readiness.js';
import { HealthSchema, ReadySchema } from '../schemas/health.js';
import { openProblems } from '../schemas/problem.js';

interface Deps { usecases: Pick<GatewayUseCases, 'health' | 'phase'>; version: string }

/** GET /health and /ready: open to everybody, without a word about accounts. */
export function healthRoutes(app: App, { usecases, version }: Deps): void {
  app.get('/health', {
    config: { access: 'open' },
    schema: {
      summary: 'Health', operationId: 'getHealth', tags: ['Gateway'], security: [],
      description: 'Whether the process is alive, how many sessions it holds, and whether a webhook\'s receiver is in trouble. Needs no key.',
      response: { 200: HealthSchema, ...openProblems() },
    },
  }, async () => {
    const { activeSessions, pendingCount, circuitBreaker } = await usecases.health();
    return {
      status: usecases.phase() === 'ready' ? 'ok' as const : 'unavailable' as const,
      version,
      activeSessions,
      pendingCount,
      circuitBreaker: { state: circuitBreaker },
    };
  });

  app.get('/ready', {
    config: { access: 'open' },
    schema: {
      summary: 'Readiness', operationId: 'getReady', tags: ['Gateway'], security: [],
      description: 'Whether the gateway takes work: 503 while it starts or shuts down. Needs no key.',
      response: { 200: ReadySchema, ...openProblems('not_ready', 'shutting_down') },
    },
  }, async () => {
    requireReady(usecases);
    return { ready: true };
  });
}
