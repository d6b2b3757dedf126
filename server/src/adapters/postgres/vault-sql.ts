import { createVaultSql } from '../sql/vault-sql.js';

/** Any number that no other lock of the gateway's has; given back with the transaction. */
const LOCK = 'SELECT pg_advisory_xact_lock(4317820055)';

export const vaultSql = createVaultSql({ p: number => `$${number}`, bytes: number => `$${number}::bytea`, lock: LOCK, takeFree: ' FOR NO KEY UPDATE SKIP LOCKED', bigint: 'BIGINT' });
