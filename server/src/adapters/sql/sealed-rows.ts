import type { Database } from './database.js';
import type { SealedColumn, VaultSql } from './vault-sql.js';

/** A value that is to be sealed anew, and where it stands. */
export interface StaleValue {
  instanceId: string;
  type: string;
  id: string;
  value: string | Uint8Array;
}

/** The name of a row; rows are in the order of their names. */
export type RowName = Pick<StaleValue, 'instanceId' | 'type' | 'id'>;

/** What is sealed, column by column. */
export interface SealedRows {
  /** Values behind that row, in order, that do not begin with `head`. */
  stale(column: SealedColumn, after: RowName, head: string | Uint8Array, limit: number): Promise<StaleValue[]>;
  /** Puts each new value in the place of the old one, where that is still there; answers how many. A row that somebody is writing at this moment is left alone. */
  replace(column: SealedColumn, values: readonly { old: StaleValue; fresh: string | Uint8Array }[]): Promise<number>;
}

export function createSealedRows(database: Database, { vault: sql }: { vault: VaultSql }): SealedRows {
  return {
    async stale(column, { instanceId, type, id }, head, limit) {
      const rows = await database.read(sql.columns[column].stale, [instanceId, type, id, head, limit]);
      return rows.map(row => ({ instanceId: row.instanceId as string, type: row.type as string, id: row.id as string, value: row.value as string | Uint8Array }));
    },
    async replace(column, values) {
      const { changes } = await database.write(values.map(({ old, fresh }) => ({ sql: sql.columns[column].replace, params: [fresh, old.instanceId, old.type, old.id, old.value] })));
      return changes.reduce((sum, count) => sum + count, 0);
    },
  };
}
