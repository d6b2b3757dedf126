import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { createPostgresLeases, LEASE_POOL, type PostgresLeasesDeps } from '@gateway/adapters/postgres/leases.js';
import { migrations } from '@gateway/generated/postgresql/migrations.js';
import type { OpenLeases } from '../../contracts/leases.contract';
import type { TestPostgres } from '../../support/postgres-server';

interface Client { query(sql: string, values?: unknown[]): Promise<{ rowCount: number | null }>; release(): void }
type Pool = PostgresLeasesDeps['pool'] & { connect(): Promise<Client>; end(): Promise<void>; on(event: 'error', listener: () => void): void };
const { Pool } = createRequire(new URL('../../../server/package.json', import.meta.url))('pg') as { Pool: new (options: object) => Pool };

/** Leases in a database of their own. Nodes share the connections: what happens between them does not depend on whose those are. */
export async function openPostgresLeases(postgres: TestPostgres): Promise<OpenLeases> {
  const url = await postgres.database();
  const pool = new Pool({ connectionString: url, ...LEASE_POOL, max: 20 });
  // A connection that breaks while nobody uses it.
  pool.on('error', () => undefined);
  for (const { sql } of migrations) await pool.query(sql);
  return {
    node: options => createPostgresLeases({ pool, nodeId: randomUUID(), ...options }),
    async instance(instanceId, kind) {
      await pool.query(`
        INSERT INTO "Instance" ("instanceId", name, status, reason, active, settings, "createdAt", "updatedAt", "deletedAt")
        VALUES ($1, '', 'DISCONNECTED', 'created', $2, '{}', 0, 0, $3)
        ON CONFLICT ("instanceId") DO UPDATE SET active = excluded.active, "deletedAt" = excluded."deletedAt"`,
      [instanceId, kind !== 'idle', kind === 'deleted' ? 1 : null]);
    },
    async purge(instanceId) {
      await pool.query('DELETE FROM "Instance" WHERE "instanceId" = $1', [instanceId]);
    },
    async beginCommit({ instanceId, epoch }) {
      const client = await pool.connect();
      await client.query('BEGIN');
      const { rowCount } = await client.query('SELECT FROM "Lease" WHERE "instanceId" = $1 AND epoch = $2 FOR KEY SHARE', [instanceId, epoch]);
      return {
        allowed: rowCount === 1,
        async end() {
          await client.query('COMMIT');
          client.release();
        },
      };
    },
    close: () => pool.end(),
  };
}
