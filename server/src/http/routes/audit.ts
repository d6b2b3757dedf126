import type { GatewayUseCases } from '../../usecases/gateway.js';
import { readCursorPair, writeCursor } from '../cursor.js';
import type { App } from '../http-app.js';
import { readTime } from '../read-time.js';
import { AuditList, ListAuditQuery } from '../schemas/audit.js';
import { problems } from '../schemas/problem.js';
import { viewAuditEntry } from '../views/access.js';

/** What was done, by whom, and what came of it. */
export function auditRoute(app: App, { usecases }: { usecases: Pick<GatewayUseCases, 'listAudit'> }): void {
  app.get('/audit', {
    config: { scope: 'admin', servesBoundKeys: true },
    schema: {
      summary: 'Read the audit log', operationId: 'listAudit', tags: ['Access'],
      description: 'Every call that changed something or tried to, and what the gateway did by itself, latest first, page by page. A key that is bound to instances sees what concerns those.',
      querystring: ListAuditQuery,
      response: { 200: AuditList, ...problems('validation_failed') },
    },
  }, async request => {
    const { limit = 50, cursor, since, until, actor, ...filters } = request.query;
    const [at, seq] = cursor === undefined ? [] : readCursorPair(cursor);
    const page = await usecases.listAudit({
      ...filters, limit, actorId: actor,
      instances: request.principal?.instances ?? undefined,
      ...(since === undefined ? {} : { since: readTime(since, 'since') }),
      ...(until === undefined ? {} : { until: readTime(until, 'until') }),
      ...(at === undefined || seq === undefined ? {} : { cursor: { at, seq } }),
    });
    return { entries: page.entries.map(viewAuditEntry), ...(page.next && { next: writeCursor(page.next.at, page.next.seq) }) };
  });
}
