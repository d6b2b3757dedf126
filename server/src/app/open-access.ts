import type { Logger } from 'pino';
import type { Store } from '../adapters/sql/store.js';
import type { Config } from '../config.js';
import type { Clock, Random } from '../ports/clock.js';
import type { NodeLink } from '../ports/node-link.js';
import { createAccessUseCases, type AccessUseCases } from '../usecases/access/access-use-cases.js';
import { createAuthenticator } from '../usecases/access/authenticate.js';
import { createFailedLogins } from '../usecases/access/failed-logins.js';
import { createFirstKey } from '../usecases/access/first-key.js';
import type { Auditor } from '../usecases/audit/auditor.js';

export interface Access {
  usecases: AccessUseCases;
  /** The first key, if there was none: the only time it can be read. */
  createFirstKey(): Promise<string | null>;
}

export interface AccessOptions {
  store: Pick<Store, 'apiKeys' | 'audit'>;
  config: Pick<Config, 'apiKey' | 'access'>;
  link: Pick<NodeLink, 'tell' | 'onTold'>;
  auditor: Pick<Auditor, 'often'>;
  clock: Clock;
  random: Random;
  logger: Logger;
}

/** Somebody whose key is not valid. */
const NOBODY = { id: 'unknown', name: 'unknown' };
/** What nodes tell each other of a key that was changed: its hash. */
const KEY_CHANGED = 'key_changed';

/** Keys, and who may do what. A change takes effect at once here, and as soon as they hear of it on the other nodes. */
export function openAccess({ store, config, link, auditor, clock, random, logger }: AccessOptions): Access {
  const { apiKeys: keys, audit } = store;
  const authenticator = createAuthenticator({
    keys, configuredKey: config.apiKey, logins: createFailedLogins(config.access.loginFailuresPerMinute, clock), clock, logger,
    onFailed: address => auditor.often({ actor: NOBODY, action: 'access.authenticate', instanceId: null, outcome: 'unauthorized', detail: { address } }),
  });
  link.onTold(KEY_CHANGED, hash => authenticator.forget(String(hash)));
  return {
    usecases: createAccessUseCases({
      keys, audit, authenticate: authenticator.authenticate, hasConfiguredKey: config.apiKey !== null, clock, random,
      onChanged(hash) {
        authenticator.forget(hash);
        link.tell(KEY_CHANGED, hash);
      },
    }),
    createFirstKey: () => createFirstKey({ keys, configuredKey: config.apiKey, clock, random }),
  };
}
