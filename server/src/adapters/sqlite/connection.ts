import Libsql from 'libsql';

export type Connection = InstanceType<typeof Libsql>;

/** `full`: a commit has been flushed to disk, and survives a power cut. `normal`: it survives the end of this process, and not always the machine's. */
export type Synchronous = 'full' | 'normal';

/**
 * Opens one connection with the settings every connection of the embedded store has: write-ahead log, a flush to disk at
 * every commit unless told otherwise, foreign keys on, and patience with other connections. Blocks the calling thread.
 * Never open the file with anything but SQLite while it is in use: POSIX drops all locks of a process on a file when it
 * closes any descriptor of that file.
 */
export function openConnection(path: string, busyTimeoutMs: number, synchronous: Synchronous = 'full'): Connection {
  const connection = new Libsql(path, { timeout: busyTimeoutMs });
  connection.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous === 'normal' ? 'NORMAL' : 'FULL'}; PRAGMA foreign_keys = ON;`);
  return connection;
}
