import pg from 'pg';
import { MOVED_TABLES, type Cell, type MoveTarget } from '../../ports/installation-move.js';
import { ADOPTED, USES_PREFIX } from '../sql/data-keys.js';
import { LINK_SECRET } from '../sql/vault-sql.js';
import { StorageError } from '../sql/storage-error.js';
import { migratePostgres } from './migrate.js';

const CONNECT_WAIT_MS = 5_000;
/** For another move whose connection was lost, or whatever else writes. */
const LOCK_WAIT_S = 60;
/** A node that says nothing for so long is gone, however long its leases are. */
const NODE_IS_GONE_MS = 60_000;

/** What PostgreSQL says when it rolled back instead: a constraint, the state of the transaction, a conflict with another one. Of other failures nobody knows. */
const SAYS_NO = /^(23|25|40(?!003))/;

/** Opens nothing before `begin`. */
export function createMoveTarget(url: string): MoveTarget {
  const name = nameOf(url);
  const client = new pg.Client({ connectionString: url, application_name: 'chasqui migrate', connectionTimeoutMillis: CONNECT_WAIT_MS, keepAlive: true });
  // A connection that is lost fails the statement under way, which says so.
  client.on('error', () => undefined);
  let closing: Promise<void> | null = null;

  const one = async <T>(sql: string, values: unknown[] = []): Promise<T | null> => {
    const { rows } = await client.query<{ value: T }>(sql, values);
    return rows[0]?.value ?? null;
  };

  return {
    name,
    async begin() {
      await migratePostgres({ url, connectWaitMs: CONNECT_WAIT_MS });
      await client.connect();
      await client.query(`SET statement_timeout = 0; SET synchronous_commit = on; SET lock_timeout = '${LOCK_WAIT_S}s'`);
      await client.query('BEGIN');
      try {
        await client.query(`LOCK TABLE ${MOVED_TABLES.map(table => `"${table}"`).join(', ')} IN SHARE ROW EXCLUSIVE MODE`);
      } catch (error) {
        if (!(error instanceof pg.DatabaseError) || error.code !== '55P03') throw error;
        throw new StorageError('DATABASE_BUSY', `Something has been writing to ${name} for more than ${LOCK_WAIT_S} s. See what it is (pg_stat_activity), then try again.`, { cause: error });
      }
    },
    livingNodes: async () => Number(await one('SELECT count(*) AS value FROM "Node" WHERE "seenAt" > extract(epoch FROM clock_timestamp()) * 1000 - $1', [NODE_IS_GONE_MS])),
    count: async table => Number(await one(`SELECT count(*) AS value FROM "${table}"`)),
    setting: setting => one<string>('SELECT value FROM "Setting" WHERE name = $1', [setting]),
    async putSetting(setting, value) {
      await client.query('INSERT INTO "Setting" (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING', [setting, value]);
    },
    async clearKeys() {
      await client.query('DELETE FROM "DataKey"');
      await client.query('DELETE FROM "Setting" WHERE name IN ($1, $2) OR starts_with(name, $3)', [ADOPTED, LINK_SECRET, USES_PREFIX]);
    },
    async insert(table, columns, rows) {
      const names = columns.map(column => `"${column}"`).join(', ');
      const places = rows.map((_, row) => `(${columns.map((_column, index) => `$${row * columns.length + index + 1}`).join(', ')})`).join(', ');
      await client.query(`INSERT INTO "${table}" (${names}) VALUES ${places}`, rows.flat().map(bindable));
    },
    async continueAfter(table, seq) {
      // What was never given out is still to come: `false` makes it the next.
      await client.query('SELECT setval(pg_get_serial_sequence($1, \'seq\'), $2, $3)', [`"${table}"`, (seq > 0n ? seq : 1n).toString(), seq > 0n]);
    },
    async commit() {
      try {
        return (await client.query('COMMIT')).command === 'COMMIT';
      } catch (error) {
        if (error instanceof pg.DatabaseError && SAYS_NO.test(error.code ?? '')) return false;
        throw error;
      }
    },
    close: () => (closing ??= client.end().catch(() => undefined)),
  };
}

/** Views of bytes are sent whole by the driver where they are no Buffers. */
function bindable(cell: Cell): unknown {
  return cell instanceof Uint8Array ? Buffer.from(cell.buffer, cell.byteOffset, cell.byteLength) : cell;
}

/** Without user and password. */
function nameOf(url: string): string {
  const { hostname, port, pathname, searchParams } = new URL(url);
  return `${searchParams.get('host') ?? hostname}:${port || '5432'}${decodeURIComponent(pathname)}`;
}
