import Libsql from 'libsql';

export type Connection = InstanceType<typeof Libsql>;

/**
 * Opens one connection with the settings every connection of the embedded store has: write-ahead log, a flush to disk at
 * every commit, foreign keys on, and patience with other connections. Blocks the calling thread.
 * Never open the file with anything but SQLite while it is in use: POSIX drops all locks of a process on a file when it
 * closes any descriptor of that file.
 */
export function openConnection(path: string, busyTimeoutMs: number): Connection {
  const connection = new Libsql(path, { timeout: busyTimeoutMs });
  connection.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;');
  return connection;
}
