import { environmentKey } from '@gateway/adapters/crypto/master-key-source.js';
import { openVault, type OpenVault, type VaultOptions } from '@gateway/adapters/crypto/vault.js';
import { createDataKeyStore } from '@gateway/adapters/sql/data-keys.js';
import type { Database } from '@gateway/adapters/sql/database.js';
import type { Dialect } from '@gateway/adapters/sql/dialect.js';
import { createSealedRows } from '@gateway/adapters/sql/sealed-rows.js';
import { createSystemClock } from '@gateway/adapters/system/clock.js';
import { collectingLogger } from '../../support/logger';

/** The master key of tests. */
export const MASTER_KEY = Uint8Array.from({ length: 32 }, (_, index) => index + 1);
export const OTHER_MASTER_KEY = Uint8Array.from({ length: 32 }, (_, index) => 99 - index);

export interface TestVaultOptions extends Partial<Omit<VaultOptions, 'logger'>> { key?: Uint8Array; complaints?: Record<string, unknown>[] }

/** A vault on this database. */
export function openTestVault(database: Database, dialect: Dialect, { key = MASTER_KEY, complaints = [], ...options }: TestVaultOptions = {}): Promise<OpenVault> {
  return openVault({
    keys: createDataKeyStore(database, dialect), rows: createSealedRows(database, dialect), source: environmentKey(key), shared: false, clock: createSystemClock(), logger: collectingLogger(complaints), ...options,
  });
}
