import type { Repositories } from '../../ports/repositories.js';
import type { Vault } from '../../ports/vault.js';
import type { SqlStores } from './sql-stores.js';

/** Everything the gateway keeps. */
export interface Store extends SqlStores, Repositories {
  /** The keys that seal what is secret among it. */
  vault: Vault;
  /** To be called when this process becomes the owner of an instance, before it reads anything of its session: another may have written. */
  beginTenure(instanceId: string): void;
  /** Lets go of what is kept in memory of an instance's session. */
  release(instanceId: string): void;
  /** Finishes what is under way and closes what was opened. Idempotent. */
  close(): Promise<void>;
}
