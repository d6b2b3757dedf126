import type { Static } from 'typebox';
import type { AuditEntry } from '../../ports/audit-log.js';
import type { ApiKey } from '../../ports/repositories.js';
import type { AuditEntrySchema } from '../schemas/audit.js';
import type { KeySchema } from '../schemas/key.js';
import { iso, maybeIso } from './time.js';

/** A key without its hash. */
export function viewKey({ id, name, scopes, instances, rateLimitPerMinute, createdAt, lastUsedAt, revokedAt }: ApiKey): Static<typeof KeySchema> {
  return {
    id, name, scopes: [...scopes],
    ...(instances === null ? {} : { instances: [...instances] }),
    ...(rateLimitPerMinute === null ? {} : { rateLimitPerMinute }),
    createdAt: iso(createdAt),
    ...maybeIso('lastUsedAt', lastUsedAt),
    ...maybeIso('revokedAt', revokedAt),
  };
}

export function viewAuditEntry({ at, actor, action, instanceId, outcome, detail, requestId }: AuditEntry): Static<typeof AuditEntrySchema> {
  return {
    at: iso(at), actor, action,
    ...(instanceId === null ? {} : { instanceId }),
    outcome,
    ...(detail === null ? {} : { detail }),
    ...(requestId === null ? {} : { requestId }),
  };
}
