/** What the databases differ in. */
export interface VaultSqlParts {
  /** A parameter by its number. */
  p: (number: number) => string;
  /** A parameter that holds bytes. */
  bytes: (number: number) => string;
  /** Makes a unit wait until no other changes the data keys; null where units follow one another anyway. */
  lock: string | null;
  /** Ends a query so that it takes rows that nobody else is writing at this moment, and leaves the others. */
  takeFree: string;
  /** The type of 64-bit numbers. */
  bigint: string;
}

/** A column whose values are sealed. A row is named by instance, type and id, with empty texts for what it has not. */
export interface SealedColumnSql {
  /** (instanceId, type, id, head, limit) → instanceId, type, id, value of rows behind that one, in order, whose value does not begin with the head */
  stale: string;
  /** (sealed, instanceId, type, id, value): only where that is still the value. A writer that has the row at this moment is not waited for. */
  replace: string;
}

/** The values that are sealed. */
export const SEALED_COLUMNS = ['credentials', 'keys', 'journal', 'backups', 'qr', 'secret', 'previousSecret', 'headers', 'linkSecret'] as const;
export type SealedColumn = (typeof SEALED_COLUMNS)[number];

export interface VaultSql {
  lock: string | null;
  /** → id, masterId, wrapped, createdAt, retiredAt, by id */
  list: string;
  /** (id, masterId, wrapped, createdAt): where there is none with this id or a higher one */
  add: string;
  /** (id, masterId, wrapped, createdAt, retiredAt); leaves one alone that is there */
  wrap: string;
  /** (retiredAt, id): those before this one */
  retire: string;
  /** (masterId): what other master keys have wrapped and this one has, too */
  dropOthers: string;
  /** (name, number) → total, after the number was added */
  count: string;
  /** (name) → value */
  readSetting: string;
  /** (name, value); leaves one alone that is there */
  putSetting: string;
  columns: Record<SealedColumn, SealedColumnSql>;
}

/** The link secret, among the settings. */
export const LINK_SECRET = 'link-secret';

/** The SQL of the vault: the same for each database but for its parts. */
export function createVaultSql(parts: VaultSqlParts): VaultSql {
  const { p, bytes, lock, bigint } = parts;
  return {
    lock,
    list: 'SELECT id, "masterId", wrapped, "createdAt", "retiredAt" FROM "DataKey" ORDER BY id, "masterId"',
    add: `INSERT INTO "DataKey" (id, "masterId", wrapped, "createdAt")
      SELECT CAST(${p(1)} AS INTEGER), CAST(${p(2)} AS TEXT), ${bytes(3)}, CAST(${p(4)} AS ${bigint}) WHERE NOT EXISTS (SELECT 1 FROM "DataKey" WHERE id >= CAST(${p(1)} AS INTEGER))`,
    wrap: `INSERT INTO "DataKey" (id, "masterId", wrapped, "createdAt", "retiredAt") VALUES (${p(1)}, ${p(2)}, ${p(3)}, ${p(4)}, ${p(5)}) ON CONFLICT (id, "masterId") DO NOTHING`,
    retire: `UPDATE "DataKey" SET "retiredAt" = ${p(1)} WHERE id < ${p(2)} AND "retiredAt" IS NULL`,
    dropOthers: `DELETE FROM "DataKey" WHERE "masterId" <> ${p(1)} AND id IN (SELECT id FROM "DataKey" WHERE "masterId" = ${p(1)})`,
    count: `INSERT INTO "Setting" (name, value) VALUES (${p(1)}, CAST(${p(2)} AS TEXT))
      ON CONFLICT (name) DO UPDATE SET value = CAST(CAST("Setting".value AS ${bigint}) + CAST(excluded.value AS ${bigint}) AS TEXT) RETURNING CAST(value AS ${bigint}) AS total`,
    readSetting: `SELECT value FROM "Setting" WHERE name = ${p(1)}`,
    putSetting: `INSERT INTO "Setting" (name, value) VALUES (${p(1)}, ${p(2)}) ON CONFLICT (name) DO NOTHING`,
    columns: {
      credentials: columnSql(parts, { table: 'SessionCredentials', column: 'value', key: ['"instanceId"', null, null] }),
      keys: columnSql(parts, { table: 'SignalKey', column: 'value', key: ['"instanceId"', 'type', 'id'] }),
      journal: columnSql(parts, { table: 'JournalEntry', column: 'plaintext', key: ['"instanceId"', null, 'hash'] }),
      backups: columnSql(parts, { table: 'Backup', column: 'value', key: ['"instanceId"', null, 'id'] }),
      qr: columnSql(parts, { table: 'Instance', column: 'qr', key: ['"instanceId"', null, null], text: true }),
      secret: columnSql(parts, { table: 'Webhook', column: 'secret', key: ['"instanceId"', null, 'id'], text: true }),
      previousSecret: columnSql(parts, { table: 'Webhook', column: 'previousSecret', key: ['"instanceId"', null, 'id'], text: true }),
      headers: columnSql(parts, { table: 'Webhook', column: 'headers', key: ['"instanceId"', null, 'id'], text: true }),
      linkSecret: columnSql(parts, { table: 'Setting', column: 'value', key: [null, null, 'name'], text: true, only: `name = '${LINK_SECRET}'` }),
    },
  };
}

interface Column { table: string; column: string; key: [string | null, string | null, string | null]; text?: boolean; only?: string }

function columnSql({ p, takeFree }: VaultSqlParts, { table, column, key, text = false, only }: Column): SealedColumnSql {
  const value = `"${column}"`;
  const parts = key.map(part => part ?? '\'\'').join(', ');
  const [instanceId, type, id] = key.map(part => part ?? 'CAST(\'\' AS TEXT)');
  const headLength = text ? `length(CAST(${p(4)} AS TEXT))` : '6';
  const named = key.flatMap((part, index) => (part === null ? `CAST(${p(index + 2)} AS TEXT) = ''` : `${part} = ${p(index + 2)}`)).join(' AND ');
  const primary = key.filter(part => part !== null).join(', ');
  return {
    stale: `SELECT ${instanceId} AS "instanceId", ${type} AS type, ${id} AS id, ${value} AS value FROM "${table}"
      WHERE (${parts}) > (${p(1)}, ${p(2)}, ${p(3)}) AND substr(${value}, 1, ${headLength}) <> ${p(4)}${only === undefined ? '' : ` AND ${only}`}
      ORDER BY 1, 2, 3 LIMIT ${p(5)}`,
    replace: `UPDATE "${table}" SET ${value} = ${p(1)} WHERE (${primary}) IN (SELECT ${primary} FROM "${table}" WHERE ${named} AND ${value} = ${p(5)}${takeFree})`,
  };
}
