import pg from 'pg';

export interface PoolOptions {
  url: string;
  /** Connections at most; they are made when they are needed. */
  maxConnections?: number;
  /** As PostgreSQL shows it in `pg_stat_activity`. */
  applicationName?: string;
}

/** A statement takes milliseconds; what a sweep removes at once may take seconds. */
const STATEMENT_TIMEOUT_MS = 15_000;
/** For the answer: a little longer, so that a server that works says itself that it took too long. */
const ANSWER_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 1_000;
/** A process that is paused in the middle of a transaction must not keep its locks: others wait for them to take over. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 5_000;

/**
 * Connections of the hot path. Outside of a transaction that is begun as `READ WRITE`, they refuse to write: statements are sent without waiting for
 * the answer to the one before, and must come to nothing if the BEGIN that was sent ahead of them failed.
 */
const SESSION = '-c default_transaction_read_only=on -c synchronous_commit=on';

const INT8 = 20;
const BYTEA = 17;

/** Rows as the stores want them: integers of 64 bits as numbers (exact up to 2^53), bytes as Uint8Array. */
const TYPES: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === INT8) return Number;
    if (oid === BYTEA && format !== 'binary') return (text: string) => new Uint8Array(Buffer.from(text.slice(2), 'hex'));
    return pg.types.getTypeParser(oid, format as 'text');
  },
};

/** Nothing is connected before the first query. Whoever makes the pool ends it. */
export function createPool({ url, maxConnections = 10, applicationName = 'chasqui' }: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: applicationName,
    max: maxConnections,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 60_000,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    options: SESSION,
    pipeline: true,
    types: TYPES,
  });
  // A connection that breaks fails the query that uses it, which says so.
  pool.on('error', () => undefined);
  pool.on('connect', client => client.on('error', () => undefined));
  return pool;
}
