import { Pool } from 'pg';
import type { Leases } from '../../ports/leases.js';
import { createPostgresLeases, LEASE_POOL } from './leases.js';

export interface OpenLeases extends Leases {
  /** Ends its connections. Idempotent. */
  close(): Promise<void>;
}

/** Leases over connections of their own, so that none of them ever waits behind other work. */
export function openPostgresLeases({ url, nodeId, ttlMs }: { url: string; nodeId: string; ttlMs: number }): OpenLeases {
  const pool = new Pool({ ...LEASE_POOL, connectionString: url, application_name: 'chasqui leases' });
  // A connection that breaks while nobody uses it is replaced at the next use, which is told if that fails.
  pool.on('error', () => undefined);
  let closing: Promise<void> | null = null;
  return { ...createPostgresLeases({ pool, nodeId, ttlMs }), close: () => (closing ??= pool.end()) };
}
