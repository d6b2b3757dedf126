import type { Database, Statement } from './database.js';
import type { VaultSql } from './vault-sql.js';

/** A data key as it is kept: sealed by a master key. */
export interface WrappedDataKey {
  id: number;
  masterId: string;
  wrapped: Uint8Array;
  /** Epoch milliseconds. */
  createdAt: number;
  /** Nothing new is sealed by it any more, and nothing is that is kept; null until then. */
  retiredAt: number | null;
}

/** The data keys, and what is noted beside them. */
export interface DataKeyStore {
  list(): Promise<WrappedDataKey[]>;
  /** Adds a key, and beside it what else is wrapped, all or nothing. False when there is one with this id or a higher one: nothing is written then. */
  add(key: Omit<WrappedDataKey, 'retiredAt'>, beside?: readonly WrappedDataKey[]): Promise<boolean>;
  /** Those before this one. */
  retireBefore(id: number, at: number): Promise<void>;
  /** Forgets what other master keys have wrapped, where this one has the same key. */
  keepOnly(masterId: string): Promise<void>;
  /** Notes so many uses of a key before they are made; answers how many are noted in all. */
  reserve(id: number, uses: number): Promise<number>;
  /** Whether everything was sealed once that was stored before there was a seal. */
  isAdopted(): Promise<boolean>;
  noteAdopted(): Promise<void>;
}

/** Names of settings. */
export const ADOPTED = 'encryption';
export const USES_PREFIX = 'seals-of-data-key-';

export function createDataKeyStore(database: Database, { vault: sql }: { vault: VaultSql }): DataKeyStore {
  const lock: Statement[] = sql.lock === null ? [] : [{ sql: sql.lock }];
  return {
    async list() {
      const rows = await database.read(sql.list);
      return rows.map(row => ({
        id: Number(row.id), masterId: row.masterId as string, wrapped: row.wrapped as Uint8Array, createdAt: Number(row.createdAt), retiredAt: row.retiredAt === null ? null : Number(row.retiredAt),
      }));
    },
    async add({ id, masterId, wrapped, createdAt }, beside = []) {
      const { applied } = await database.write([
        ...lock,
        { sql: sql.add, params: [id, masterId, wrapped, createdAt], requireChanges: true },
        ...beside.map(key => ({ sql: sql.wrap, params: [key.id, key.masterId, key.wrapped, key.createdAt, key.retiredAt] })),
      ]);
      return applied;
    },
    async retireBefore(id, at) {
      await database.write([...lock, { sql: sql.retire, params: [at, id] }]);
    },
    async keepOnly(masterId) {
      await database.write([...lock, { sql: sql.dropOthers, params: [masterId] }]);
    },
    async reserve(id, uses) {
      const { rows } = await database.write([{ sql: sql.count, params: [`${USES_PREFIX}${id}`, String(uses)], reads: true }]);
      return Number(rows?.[0]?.total);
    },
    async isAdopted() {
      return (await database.read(sql.readSetting, [ADOPTED])).length > 0;
    },
    async noteAdopted() {
      await database.write([{ sql: sql.putSetting, params: [ADOPTED, 'sealed'] }]);
    },
  };
}
