import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { LEFT_BEHIND, MOVED_TABLES, type Cell, type MovedTable, type MoveSource } from '../../ports/installation-move.js';
import { storableText } from '../sql/bind-values.js';
import { StorageError } from '../sql/storage-error.js';
import { boundNetwork } from '../system/bind-data-dir.js';
import { readMovedMark, removeMovedMark, writeMovedMark } from '../system/moved-mark.js';
import { openConnection, type Connection } from './connection.js';
import { lockDataDir } from './data-dir-lock.js';
import { BUSY_TIMEOUT_MS, DATABASE_FILE, migrateFile } from './open-embedded-store.js';

interface Column { name: string; type: string }

const BATCH_ROWS = 200;
const BATCH_BYTES = 4 * 1024 * 1024;

/**
 * Opens a data directory to move what it holds: takes its lock, and brings its database to this release.
 * @param options.lockWaitMs how long to wait for a process that is just leaving it
 * @throws StorageError `NO_DATA_DIR`, `DATA_DIR_LOCKED`, those of `migrate`, or SQLite's code; nothing stays open then
 */
export async function openMoveSource(dir: string, { lockWaitMs, now = Date.now }: { lockWaitMs?: number; now?: () => number } = {}): Promise<MoveSource> {
  const dataDir = resolve(dir);
  const path = join(dataDir, DATABASE_FILE);
  // Opening would make one.
  await access(path).catch(() => { throw new StorageError('NO_DATA_DIR', `${dataDir} is no data directory of a gateway: there is no ${DATABASE_FILE} in it.`); });
  const lock = await lockDataDir(dataDir, { waitMs: lockWaitMs });
  let connection: Connection | null = null;
  const close = async (): Promise<void> => {
    connection?.close();
    connection = null;
    await lock.release();
  };
  try {
    migrateFile(path, now());
    connection = openConnection(path, BUSY_TIMEOUT_MS);
    checkTables(connection);
    return {
      ...createReader(connection),
      network: await boundNetwork(dataDir),
      readMark: () => readMovedMark(dataDir),
      writeMark: mark => writeMovedMark(dataDir, mark),
      removeMark: () => removeMovedMark(dataDir),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function createReader(connection: Connection): Pick<MoveSource, 'columns' | 'count' | 'batches' | 'lastSeq' | 'masterKeys'> {
  const columnsOf = (table: MovedTable) => connection.prepare(`PRAGMA table_info("${table}")`).all([]) as Column[];
  return {
    columns: table => columnsOf(table).map(({ name }) => name),
    count: table => Number((connection.prepare(`SELECT count(*) AS rows FROM "${table}"`).get([]) as { rows: number }).rows),
    masterKeys: () => (connection.prepare('SELECT DISTINCT masterId FROM DataKey ORDER BY masterId').all([]) as { masterId: string }[]).map(({ masterId }) => masterId),
    lastSeq(table) {
      if (!columnsOf(table).some(({ name }) => name === 'seq')) return null;
      // Numbers of rows that are gone must not come again: pages are told by them.
      const row = connection.prepare('SELECT seq FROM sqlite_sequence WHERE name = ?').safeIntegers(true).get([table]) as { seq: bigint } | undefined;
      return row?.seq ?? 0n;
    },
    * batches(table) {
      const columns = columnsOf(table);
      const statement = connection.prepare(`SELECT ${columns.map(({ name }) => `"${name}"`).join(', ')} FROM "${table}" ORDER BY rowid`).safeIntegers(true).raw(true);
      let batch: Cell[][] = [];
      let bytes = 0;
      for (const row of statement.iterate([]) as Iterable<unknown[]>) {
        const cells = row.map((value, index) => cellOf(value, columns[index]?.type));
        batch.push(cells);
        bytes += cells.reduce((sum: number, cell) => sum + (typeof cell === 'string' || cell instanceof Uint8Array ? cell.length : 8), 0);
        if (batch.length < BATCH_ROWS && bytes < BATCH_BYTES) continue;
        yield batch;
        batch = [];
        bytes = 0;
      }
      if (batch.length > 0) yield batch;
    },
  };
}

/** SQLite has neither truth values nor texts that others would not take. */
function cellOf(value: unknown, type: string | undefined): Cell {
  if (value === null) return null;
  if (type === 'BOOLEAN') return Boolean(value);
  if (typeof value === 'string') return storableText(value);
  if (typeof value === 'number' || typeof value === 'bigint' || value instanceof Uint8Array) return value;
  // libsql gives bytes as one or the other.
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  throw new TypeError(`A ${typeof value} cannot be moved.`);
}

/** A table that is forgotten here would be lost. */
function checkTables(connection: Connection): void {
  const known: readonly string[] = [...MOVED_TABLES, ...LEFT_BEHIND, '_prisma_migrations'];
  const tables = connection.prepare('SELECT name FROM sqlite_master WHERE type = \'table\' AND name NOT LIKE \'sqlite\\_%\' ESCAPE \'\\\'').all([]) as { name: string }[];
  const unknown = tables.find(({ name }) => !known.includes(name));
  if (unknown) throw new StorageError('UNKNOWN_TABLE', `The database has a table ${unknown.name}, of which this release does not know whether it has to be moved.`);
}
