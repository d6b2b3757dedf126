import type { Principal, Scope } from '../../domain/access/scopes.js';
import { DomainError } from '../../domain/errors.js';
import type { AuditLog, AuditPage, AuditQuery } from '../../ports/audit-log.js';
import type { Clock, Random } from '../../ports/clock.js';
import type { ApiKey, ApiKeyPatch, ApiKeyRepository } from '../../ports/repositories.js';
import type { AuthenticateOptions } from './authenticate.js';
import { hashKey, makeKey } from './secret-key.js';

/** What a key is made of. */
export interface KeyInput {
  name: string;
  scopes: readonly Scope[];
  /** Left out or null: all. An instance need not exist yet: whoever holds the key may make it, with `instances:write`. */
  instances?: readonly string[] | null | undefined;
  /** Left out or null: what the configuration says of every key. */
  rateLimitPerMinute?: number | null | undefined;
}

/** Who may do what, and what was done. */
export interface AccessUseCases {
  /**
   * Who holds this key; null when it is not valid.
   * @param address where it came from: too many that are not valid from one address are refused
   * @throws `rate_limited`, `store_unavailable`
   */
  authenticate(key: string, address: string, options?: AuthenticateOptions): Promise<Principal | null>;
  /** `key` is told here and nowhere else. */
  createKey(input: KeyInput): Promise<{ key: string; stored: ApiKey }>;
  /** By creation, revoked ones too. That of the configuration is not among them. */
  listKeys(): Promise<ApiKey[]>;
  /** @throws `key_not_found` */
  getKey(keyId: string): Promise<ApiKey>;
  /** @throws `key_not_found`, `last_admin_key` */
  updateKey(keyId: string, patch: Partial<KeyInput>): Promise<ApiKey>;
  /** For good; the row stays. @throws `key_not_found`, `last_admin_key` */
  revokeKey(keyId: string): Promise<ApiKey>;
  listAudit(query: AuditQuery): Promise<AuditPage>;
}

export interface AccessUseCaseParts {
  keys: ApiKeyRepository;
  audit: Pick<AuditLog, 'list'>;
  authenticate: AccessUseCases['authenticate'];
  /** Whether there is a key beside those that are stored, which may manage them. */
  hasConfiguredKey: boolean;
  /** A key was changed: whoever trusts it looks again. */
  onChanged: (hash: string) => void;
  clock: Pick<Clock, 'now'>;
  random: Pick<Random, 'bytes' | 'uuid'>;
}

export function createAccessUseCases({ keys, audit, authenticate, hasConfiguredKey, onChanged, clock, random }: AccessUseCaseParts): AccessUseCases {
  async function getKey(keyId: string): Promise<ApiKey> {
    const key = await keys.find(keyId);
    if (key) return key;
    throw new DomainError('key_not_found', `There is no API key "${keyId}".`, { hint: 'List the keys with GET /keys.' });
  }

  async function change(keyId: string, patch: ApiKeyPatch): Promise<ApiKey> {
    const changed = await keys.update(keyId, patch, !hasConfiguredKey);
    onChanged(changed.hash);
    return changed;
  }

  return {
    authenticate,
    async createKey({ name, scopes, instances = null, rateLimitPerMinute = null }) {
      const key = makeKey(random);
      const stored = { id: random.uuid(), name, hash: hashKey(key), scopes, instances, rateLimitPerMinute, createdAt: clock.now(), revokedAt: null, lastUsedAt: null };
      if (!await keys.create(stored)) throw new Error('A random key was there already.');
      return { key, stored };
    },
    listKeys: () => keys.list(),
    getKey,
    updateKey: change,
    async revokeKey(keyId) {
      const key = await getKey(keyId);
      return key.revokedAt === null ? change(keyId, { revokedAt: clock.now() }) : key;
    },
    listAudit: query => audit.list(query),
  };
}
