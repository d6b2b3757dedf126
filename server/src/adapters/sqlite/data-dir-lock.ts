import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Libsql from 'libsql';
import { StorageError } from '../sql/storage-error.js';
import type { Connection } from './connection.js';

export interface DataDirLock {
  /** Idempotent. */
  release(): Promise<void>;
}

export interface DataDirLockOptions {
  /** How long to wait for a process that is just ending. */
  waitMs?: number;
  pid?: number;
}

const POLL_MS = 100;

/**
 * Makes this the only process that uses the data directory. The lock is SQLite's own file lock on `lock.db`, held by an
 * open transaction: the operating system drops it with the process, however that ended, so a lock is never stale and a reused
 * pid means nothing. `gateway.pid` only tells people who holds it.
 * @throws StorageError `DATA_DIR_LOCKED` when another process still holds it after `waitMs`
 */
export async function lockDataDir(dataDir: string, { waitMs = 5000, pid = process.pid }: DataDirLockOptions = {}): Promise<DataDirLock> {
  const pidFile = join(dataDir, 'gateway.pid');
  let held: Connection | null = await acquire(join(dataDir, 'lock.db'), waitMs);
  if (!held) throw await locked(dataDir, pidFile);
  await writeFile(pidFile, `${pid}\n`, { mode: 0o600 });
  return {
    async release() {
      if (!held) return;
      const connection = held;
      held = null;
      await rm(pidFile, { force: true });
      connection.exec('ROLLBACK');
      connection.close();
    },
  };
}

async function acquire(file: string, waitMs: number): Promise<Connection | null> {
  for (let waited = 0; ; waited += POLL_MS) {
    const connection = tryLock(file);
    if (connection || waited >= waitMs) return connection;
    await sleep(POLL_MS);
  }
}

function tryLock(file: string): Connection | null {
  const connection = new Libsql(file, { timeout: 0 });
  try {
    connection.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return connection;
  } catch (error) {
    connection.close();
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY')) return null;
    throw error;
  }
}

async function locked(dataDir: string, pidFile: string): Promise<StorageError> {
  const pid = (await readFile(pidFile, 'utf8').catch(() => '')).trim();
  const who = pid ? `the process with pid ${pid}` : 'another process';
  return new StorageError('DATA_DIR_LOCKED', `${dataDir} is in use by ${who}. Stop it, or give this gateway a DATA_DIR of its own.`);
}
