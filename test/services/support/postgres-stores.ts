import { randomUUID } from 'node:crypto';
import { createPostgresDatabase, type PostgresDatabaseOptions } from '@gateway/adapters/postgres/database.js';
import { postgresDialect } from '@gateway/adapters/postgres/dialect.js';
import type { Database } from '@gateway/adapters/sql/database.js';
import { createSqlStores, type SqlStores } from '@gateway/adapters/sql/sql-stores.js';
import { createSystemClock } from '@gateway/adapters/system/clock.js';
import { collectingLogger } from '../../support/logger';
import type { TestPostgres } from '../../support/postgres-server';

export interface OpenPostgresStores extends SqlStores {
  database: Database;
  nodeId: string;
  url: string;
  /** What was logged from `info` up. */
  log: Record<string, unknown>[];
  /** Makes these instances, where they are not there, and gives their leases to this node, or another, with this epoch. */
  own(instanceIds: string[], lease?: { nodeId?: string; epoch?: number }): Promise<void>;
  /** Raises the epoch, as a takeover does. */
  takeOver(instanceId: string): Promise<void>;
  /** The stores of another node on the same database. */
  another(nodeId: string): SqlStores;
  query: TestPostgres['query'];
  close(): Promise<void>;
}

/** The stores of the hot path on a database of their own. */
export async function openPostgresStores(postgres: TestPostgres, url: string, options: Partial<PostgresDatabaseOptions> = {}): Promise<OpenPostgresStores> {
  const log: Record<string, unknown>[] = [];
  const nodeId = randomUUID();
  const database = createPostgresDatabase({ url, clock: createSystemClock(), logger: collectingLogger(log, 'info'), ...options });
  await database.start();
  const query: TestPostgres['query'] = (sql, values) => postgres.query(sql, values, url);
  return {
    ...createSqlStores(database, postgresDialect(nodeId)),
    database, nodeId, url, log, query,
    async own(instanceIds, { nodeId: owner = nodeId, epoch = 0 } = {}) {
      await query(`INSERT INTO "Instance" ("instanceId", name, status, reason, active, settings, "createdAt", "updatedAt")
        SELECT unnest($1::text[]), '', 'DISCONNECTED', 'created', true, '{}', 0, 0 ON CONFLICT DO NOTHING`, [instanceIds]);
      await query(`INSERT INTO "Lease" SELECT unnest($1::text[]), $2, $3, 0
        ON CONFLICT ("instanceId") DO UPDATE SET owner = excluded.owner, epoch = excluded.epoch`, [instanceIds, owner, epoch]);
    },
    async takeOver(instanceId) {
      await query('UPDATE "Lease" SET epoch = epoch + 1 WHERE "instanceId" = $1', [instanceId]);
    },
    another: other => createSqlStores(database, postgresDialect(other)),
    close: () => database.stop(),
  };
}
