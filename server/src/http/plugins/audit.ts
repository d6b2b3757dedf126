import fp from 'fastify-plugin';
import type { FastifyRequest } from 'fastify';
import type { Auditor } from '../../usecases/audit/auditor.js';
import type { App } from '../http-app.js';

export type HttpAuditor = Pick<Auditor, 'note' | 'often' | 'settled'>;

/** What has to stay fast, and leaves a row of its own in any case. */
const SENDS = 'message.send';
/** What an address may name beside the instance. */
const HARMLESS = /^[\w.:-]{1,128}$/;

/**
 * Writes every call of a route with `config.audit` down, refused ones too, once it is known who calls: durable before the answer goes out, except for
 * sends, which are written down in batches just behind their answer. Calls beyond a key's limit are counted, so that they cannot fill the disk.
 */
export const auditPlugin = fp(async (app: App, { auditor }: { auditor: HttpAuditor }) => {
  app.decorateRequest('auditNote', null);
  app.addHook('onSend', async request => {
    const { audit } = request.routeOptions.config;
    const { principal, auditNote } = request;
    if (audit === undefined || principal === null || request.is404) return;
    const { instanceId = null, ...params } = (request.params ?? {}) as Record<string, string>;
    const entry = {
      actor: { id: principal.id, name: principal.name },
      action: audit,
      instanceId: auditNote?.instanceId ?? instanceId,
      outcome: request.problem ?? 'ok',
      detail: detailOf(request, params),
    } as const;
    if (request.problem === 'rate_limited') return auditor.often(entry);
    const behind = audit.startsWith(SENDS);
    const noted = auditor.note({ ...entry, requestId: request.id }, behind);
    if (!behind) await noted;
  });
  app.addHook('onClose', () => auditor.settled());
}, { name: 'audit' });

function detailOf({ auditNote }: FastifyRequest, params: Record<string, string>): Record<string, unknown> | null {
  const detail = { ...Object.fromEntries(Object.entries(params).filter(([, value]) => HARMLESS.test(value))), ...auditNote?.detail };
  return Object.keys(detail).length === 0 ? null : detail;
}
