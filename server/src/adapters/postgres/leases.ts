import type { Pool, PoolConfig } from 'pg';
import type { Census, ShareOf } from '../../domain/cluster/share.js';
import type { Tenure } from '../../domain/instances/tenure.js';
import type { LeaseHolder, Leases, NodeInfo, NodeReport } from '../../ports/leases.js';
import { kindOfFailure, storeUnavailable, toStorageError } from './failures.js';
import { CENSUS, CLAIM, CLAIM_ONE, DRAIN, LEAVE, MINE, NODES, OWNERS, RELEASE, RENEW, SEED, SEED_ONE } from './lease-sql.js';

/** Nodes that have not been seen for so many lifetimes of a lease are forgotten. */
const FORGET_AFTER = 10;

/** For the pool of the leases: a statement takes milliseconds; a database that hangs must be noticed well within the lifetime of a lease. */
export const LEASE_POOL = {
  max: 2, idleTimeoutMillis: 0, keepAlive: true, connectionTimeoutMillis: 2_000, statement_timeout: 3_000, query_timeout: 4_000,
} as const satisfies PoolConfig;

export interface PostgresLeasesDeps {
  /** Connections of its own (`LEASE_POOL`), so that leases never wait behind other work. Whoever opened it closes it. */
  pool: Pick<Pool, 'query'>;
  /** New with each start. */
  nodeId: string;
  /** How long a lease lasts that is not renewed. */
  ttlMs?: number;
}

interface LeaseRow { instanceId: string; epoch: string }

/** Leases as rows of PostgreSQL, one statement for each step (lease-sql.ts). Nothing is tried again here: the caller comes back every second. */
export function createPostgresLeases({ pool, nodeId, ttlMs = 15_000 }: PostgresLeasesDeps): Leases {
  /** What was claimed this recently may be missing in a list of instances that a renewal was asked for. */
  const settleMs = Math.ceil(ttlMs / 3);
  let phase: 'working' | 'draining' | 'left' = 'working';
  let renewing: Promise<unknown> = Promise.resolve();

  async function rowsOf<Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> {
    try {
      return (await pool.query<Row>(sql, values)).rows;
    } catch (error) {
      throw kindOfFailure(error) === 'refused' ? toStorageError(error) : storeUnavailable(error);
    }
  }

  const tenuresOf = async (sql: string, values: unknown[]): Promise<Tenure[]> =>
    (await rowsOf<LeaseRow>(sql, values)).map(({ instanceId, epoch }) => ({ instanceId, epoch: Number(epoch) }));

  async function ownersOf(instanceIds: readonly string[]): Promise<Map<string, LeaseHolder>> {
    if (instanceIds.length === 0) return new Map();
    const rows = await rowsOf<LeaseRow & { owner: string }>(OWNERS, [instanceIds]);
    return new Map(rows.map(({ instanceId, owner, epoch }) => [instanceId, { nodeId: owner, epoch: Number(epoch) }]));
  }

  return {
    nodeId,
    async renew(instanceIds, report) {
      if (phase === 'left') return [];
      const renewed = tenuresOf(RENEW, [nodeId, JSON.stringify(report), instanceIds, ttlMs, phase === 'draining', settleMs, FORGET_AFTER * ttlMs]);
      renewing = renewed.catch(() => undefined);
      return renewed;
    },
    async claim({ active, idle }) {
      if (phase !== 'working' || (active <= 0 && idle <= 0)) return [];
      await rowsOf(SEED);
      return tenuresOf(CLAIM, [nodeId, ttlMs, Math.max(0, active), Math.max(0, idle)]);
    },
    async claimOne(instanceId) {
      if (phase !== 'working') return null;
      await rowsOf(SEED_ONE, [instanceId]);
      return (await tenuresOf(CLAIM_ONE, [nodeId, ttlMs, instanceId]))[0] ?? null;
    },
    async release(tenures) {
      if (tenures.length === 0) return;
      await rowsOf(RELEASE, [nodeId, tenures.map(({ instanceId }) => instanceId), tenures.map(({ epoch }) => epoch)]);
    },
    async census() {
      return toCensus(nodeId, await rowsOf<CensusRow>(CENSUS, [ttlMs]));
    },
    async ownerOf(instanceId) {
      return (await ownersOf([instanceId])).get(instanceId) ?? null;
    },
    async epochs(instanceIds) {
      return new Map([...await ownersOf(instanceIds)].map(([instanceId, { epoch }]) => [instanceId, epoch]));
    },
    async nodes() {
      return (await rowsOf<NodeRow>(NODES, [ttlMs])).map(toNodeInfo);
    },
    async mine() {
      const rows = await rowsOf<{ instanceId: string; active: boolean }>(MINE, [nodeId]);
      const ids = (active: boolean) => rows.filter(row => row.active === active).map(({ instanceId }) => instanceId);
      return { active: ids(true), idle: ids(false) };
    },
    async drain() {
      if (phase === 'working') phase = 'draining';
      await rowsOf(DRAIN, [nodeId]);
    },
    async leave() {
      phase = 'left';
      // One that is under way would bring the node back.
      await renewing;
      await rowsOf(LEAVE, [nodeId]);
    },
  };
}

interface CensusRow extends ShareOf { nodeId: string | null; owner: string | null }

function toCensus(nodeId: string, rows: CensusRow[]): Census {
  const counting = rows.filter(row => row.nodeId !== null);
  return {
    nodes: counting.length,
    all: sumOf(rows),
    own: sumOf(rows.filter(({ owner }) => owner === nodeId)),
    spread: counting.map(({ active, idle }) => ({ active, idle })),
    place: counting.findIndex(row => row.nodeId === nodeId),
  };
}

function sumOf(shares: ShareOf[]): ShareOf {
  return shares.reduce((sum, { active, idle }) => ({ active: sum.active + active, idle: sum.idle + idle }), { active: 0, idle: 0 });
}

interface NodeRow { nodeId: string; startedAt: string; seenAt: string; draining: boolean; report: string }

function toNodeInfo({ nodeId, startedAt, seenAt, draining, report }: NodeRow): NodeInfo {
  return { nodeId, startedAt: Number(startedAt), seenAt: Number(seenAt), draining, report: JSON.parse(report) as NodeReport };
}
