import { timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { Principal } from '../../domain/access/scopes.js';
import { DomainError, isStoreAway } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import type { ApiKey, ApiKeyRepository } from '../../ports/repositories.js';
import type { FailedLogins } from './failed-logins.js';
import { hashKey } from './secret-key.js';

/** A key that was good stays good for this long without another look: what other nodes may lag behind where they miss that it was changed. */
const TRUST_MS = 5_000;
/** The use of a key is noted this often at most. */
const NOTE_USE_MS = 5 * 60_000;
const REMEMBERED = 1_000;
/** Who asks for what tells of an outage does not wait for its end: Prometheus gives up after ten seconds. */
const ASK_STORE_MS = 2_000;

/** How a key is looked at. */
export interface AuthenticateOptions {
  /** Where the store does not answer, a key counts that was good when it was looked up last, and of which no change is known since. */
  evenWithoutStore?: boolean;
}

export interface AuthenticateParts {
  keys: Pick<ApiKeyRepository, 'findByHash' | 'noteUsed'>;
  /** CHASQUI_API_KEY; it is only held in memory, so that changing it takes effect with the next start. */
  configuredKey: string | null;
  logins: FailedLogins;
  /** Told of each key that was not valid. */
  onFailed: (address: string) => void;
  clock: Clock;
  logger: Pick<Logger, 'debug'>;
}

export interface Authenticator {
  /**
   * Who holds this key; null when it is not valid. What is compared is hashes, in constant time.
   * @param address where it came from
   * @throws DomainError `rate_limited` after too many keys from that address that were not valid, without another look at the store. A key that this
   * process has seen to be good goes through all the same: whoever shares an address with a stranger is not locked out by him. `store_unavailable` where
   * the store cannot be asked
   */
  authenticate(key: string, address: string, options?: AuthenticateOptions): Promise<Principal | null>;
  /** The key with this hash was changed: the next call looks it up. */
  forget(hash: string): void;
}

export function createAuthenticator({ keys, configuredKey, logins, onFailed, clock, logger }: AuthenticateParts): Authenticator {
  const configured = configuredKey === null ? null : {
    hash: Buffer.from(hashKey(configuredKey)), principal: { id: 'environment', name: 'CHASQUI_API_KEY', scopes: ['admin'], instances: null } satisfies Principal,
  };
  const trusted = new LRUCache<string, { key: ApiKey; until: number }>({ max: REMEMBERED });
  const seenGood = new LRUCache<string, true>({ max: REMEMBERED });
  const lastKnown = new LRUCache<string, ApiKey>({ max: REMEMBERED });
  const notedAt = new LRUCache<string, number>({ max: REMEMBERED });
  let changes = 0;

  function noteUse({ id, lastUsedAt }: ApiKey): void {
    const now = clock.now();
    if (now - Math.max(lastUsedAt ?? 0, notedAt.get(id) ?? 0) < NOTE_USE_MS) return;
    notedAt.set(id, now);
    keys.noteUsed(id, now).catch((err: unknown) => logger.debug({ err }, 'the use of a key could not be noted'));
  }

  async function lookUp(hash: string): Promise<ApiKey | null> {
    const before = changes;
    const stored = await keys.findByHash(hash);
    if (!stored || stored.revokedAt !== null) {
      lastKnown.delete(hash);
      return null;
    }
    // What was read before a change must not be trusted after it.
    if (before === changes) {
      trusted.set(hash, { key: stored, until: clock.elapsed() + TRUST_MS });
      lastKnown.set(hash, stored);
    }
    return stored;
  }

  /** What the store says, or else what it said last: where it is away, or takes its time. */
  async function lookUpOrRemember(hash: string): Promise<ApiKey | null> {
    const asked = lookUp(hash);
    if (!lastKnown.has(hash)) return asked;
    let cancel = () => {};
    const late = new Promise<undefined>(resolve => { cancel = clock.after(ASK_STORE_MS, () => resolve(undefined)); });
    const answer = await Promise.race([asked.catch((error: unknown) => isStoreAway(error) ? undefined : Promise.reject(error)), late]).finally(() => cancel());
    // A change that came in meanwhile has it forgotten.
    return answer === undefined ? lastKnown.get(hash) ?? asked : answer;
  }

  return {
    async authenticate(key, address, { evenWithoutStore = false } = {}) {
      const hash = hashKey(key);
      if (configured && timingSafeEqual(Buffer.from(hash), configured.hash)) return configured.principal;
      const known = trusted.get(hash);
      if (known && clock.elapsed() < known.until) return known.key;
      const blockedMs = seenGood.has(hash) ? 0 : logins.blockedMs(address);
      if (blockedMs > 0) throw tooMany(blockedMs);
      const stored = await (evenWithoutStore ? lookUpOrRemember(hash) : lookUp(hash));
      if (!stored) {
        seenGood.delete(hash);
        logins.failed(address);
        onFailed(address);
        return null;
      }
      seenGood.set(hash, true);
      noteUse(stored);
      return stored;
    },
    forget(hash) {
      changes += 1;
      trusted.delete(hash);
      lastKnown.delete(hash);
    },
  };
}

function tooMany(blockedMs: number): DomainError {
  return new DomainError('rate_limited', 'Too many API keys that are not valid came from this address.', {
    hint: 'Wait a minute, then send a valid key.', details: { retryAfterSeconds: Math.ceil(blockedMs / 1_000) },
  });
}
