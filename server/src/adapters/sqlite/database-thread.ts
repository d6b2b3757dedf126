import { parentPort, workerData } from 'node:worker_threads';
import { commitGroup } from './commit-group.js';
import { openConnection, type Connection } from './connection.js';
import type { DatabaseReply, DatabaseRequest, DatabaseThreadData } from './database-protocol.js';
import { createPreparer, toRow } from './prepared.js';
import { describeFailure } from './sql-failure.js';

/**
 * The thread that owns the hot path's connection. It handles one request at a time and never keeps a transaction open between
 * two, so it can wait for a lock without anything in this process waiting for it.
 */
function serve({ path, busyTimeoutMs, synchronous }: DatabaseThreadData, port: NonNullable<typeof parentPort>): void {
  const reply = (message: DatabaseReply): void => port.postMessage(message);
  let connection: Connection;
  try {
    connection = openConnection(path, busyTimeoutMs, synchronous);
  } catch (error) {
    return reply({ type: 'unopened', failure: describeFailure(error) });
  }
  const prepare = createPreparer(connection);

  port.on('message', (request: DatabaseRequest) => {
    if (request.type === 'close') {
      // Leaves the file whole without its log, unless someone still reads; then the next opening does it.
      connection.exec('PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE)');
      connection.close();
      return port.close();
    }
    try {
      reply(request.type === 'read'
        ? { type: 'rows', id: request.id, rows: prepare(request.sql).all(request.params).map(toRow) }
        : { type: 'committed', id: request.id, outcomes: commitGroup(connection, prepare, request.units) });
    } catch (error) {
      reply({ type: 'failed', id: request.id, failure: describeFailure(error) });
    }
  });
  reply({ type: 'ready' });
}

if (parentPort) serve(workerData as DatabaseThreadData, parentPort);
