import { pathToFileURL } from 'node:url';
import { PrismaLibSql } from '@prisma/adapter-libsql';
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient as PostgresClient } from '../../generated/postgresql/client.js';
import { PrismaClient as SqliteClient } from '../../generated/sqlite/client.js';

/** What the repositories use of either generated client. Left out are the tables of the hot path, whose running numbers differ in type. */
export type PrismaClient = Pick<SqliteClient, 'instance' | 'webhook' | 'apiKey' | 'setting' | '$connect' | '$disconnect' | '$transaction' | '$queryRaw'>;

/** Prisma on the embedded database. The file exists and is migrated. Foreign keys and a flush per commit are libsql's defaults. */
export function openPrismaOnSqlite(path: string, busyTimeoutMs: number): SqliteClient {
  return new SqliteClient({ adapter: new PrismaLibSql({ url: pathToFileURL(path).href, timeout: busyTimeoutMs }) });
}

export interface PrismaOnPostgresOptions {
  url: string;
  /** Connections at most; they are made when they are needed. */
  connections?: number;
  /** For a connection, and for the answer to a statement: a server that is frozen, or a network that swallows, fails the call after that. */
  timeoutMs?: number;
}

/** How long a process that is paused in the middle of a transaction keeps its locks: others wait for them to take over. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 5_000;

/** Prisma on PostgreSQL, with a pool of its own. The database is migrated. Nothing is asked before the first call. */
export function openPrismaOnPostgres({ url, connections = 5, timeoutMs = 5_000 }: PrismaOnPostgresOptions): PrismaClient {
  const adapter = new PrismaPg({
    connectionString: url,
    application_name: 'chasqui prisma',
    max: connections,
    keepAlive: true,
    connectionTimeoutMillis: timeoutMs,
    // A server that works says itself that it took too long.
    statement_timeout: timeoutMs,
    query_timeout: timeoutMs + 500,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
  });
  // Both clients are generated from one set of models. Their types differ in what no repository uses (aggregates, filters that know upper from lower
  // case), but too deeply for the compiler to see it; the contract suites run on both.
  return new PostgresClient({ adapter, transactionOptions: { maxWait: timeoutMs, timeout: 2 * timeoutMs } }) as unknown as PrismaClient;
}
