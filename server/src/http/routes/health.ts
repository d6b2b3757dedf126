import { hasScope } from '../../domain/access/scopes.js';
import { DomainError } from '../../domain/errors.js';
import type { GatewayUseCases } from '../../usecases/gateway.js';
import type { App } from '../http-app.js';
import { requireReady } from '../plugins/readiness.js';
import { HealthSchema, ReadySchema } from '../schemas/health.js';
import { openProblems } from '../schemas/problem.js';

interface Deps { usecases: Pick<GatewayUseCases, 'health' | 'healthOfParts' | 'phase' | 'canReachStore'>; version: string }

/** GET /health and /ready: open to everybody, without a word about accounts. */
export function healthRoutes(app: App, { usecases, version }: Deps): void {
  app.get('/health', {
    config: { access: 'optional', evenWithoutStore: true },
    schema: {
      summary: 'Health', operationId: 'getHealth', tags: ['Gateway'], security: [{}, { apiKey: [] }, { bearer: [] }],
      description: 'Whether the process is alive, how many sessions it holds, and whether a webhook\'s receiver is in trouble. Needs no key; with one that may do everything it tells of each part of this node.',
      response: { 200: HealthSchema, ...openProblems('unauthorized', 'rate_limited') },
    },
  }, async request => {
    const { principal } = request;
    const mayKnowAll = principal !== null && principal.instances === null && hasScope(principal, 'admin');
    const [{ activeSessions, pendingCount, circuitBreaker }, detail] = await Promise.all([usecases.health(), mayKnowAll ? usecases.healthOfParts() : null]);
    return {
      status: usecases.phase() === 'ready' ? 'ok' as const : 'unavailable' as const,
      version,
      activeSessions,
      pendingCount,
      circuitBreaker: { state: circuitBreaker },
      ...detail,
    };
  });

  app.get('/ready', {
    config: { access: 'open' },
    schema: {
      summary: 'Readiness', operationId: 'getReady', tags: ['Gateway'], security: [],
      description: 'Whether the gateway takes work: 503 while it starts or shuts down, while it cannot keep up, and when it has not reached its database for seconds. Needs no key.',
      response: { 200: ReadySchema, ...openProblems('not_ready', 'shutting_down', 'overloaded', 'store_unavailable') },
    },
  }, async () => {
    requireReady(usecases);
    app.refuseWhenOverloaded();
    if (!await usecases.canReachStore()) {
      throw new DomainError('store_unavailable', 'The database has not answered for some seconds.', { hint: 'Send requests to another node until this one answers 200 again.' });
    }
    return { ready: true };
  });
}
