import { createVaultSql } from '../sql/vault-sql.js';

export const vaultSql = createVaultSql({ p: number => `?${number}`, bytes: number => `?${number}`, lock: null, takeFree: '', bigint: 'INTEGER' });
