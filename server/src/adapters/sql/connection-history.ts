import type { InstanceStatus } from '../../domain/instances/instance.js';
import type { ReasonCode } from '../../domain/instances/reasons.js';
import type { ConnectionHistory, ConnectionRecord } from '../../ports/connection-history.js';
import type { Database, Row } from './database.js';

export interface ConnectionHistorySql {
  /** (instanceId, at, status, reason); writes nothing when exactly this is there. */
  append: string;
  /** (instanceId, before this seq, limit) → seq, at, status, reason; latest first */
  list: string;
  /** (before, limit) */
  prune: string;
  /** (instanceId, limit) */
  deleteAll: string;
}

/** What became of connections. */
export function createConnectionHistory(database: Database, { history: sql }: { history: ConnectionHistorySql }): ConnectionHistory {
  return {
    async append(tenure, { at, status, reason }) {
      const { instanceId } = tenure;
      await database.write([{ sql: sql.append, params: [instanceId, at, status, reason] }], { key: instanceId, fence: tenure });
    },
    async list(instanceId, { limit, cursor = Number.MAX_SAFE_INTEGER }) {
      // One more than asked for tells whether there is a next page.
      const rows = await database.read(sql.list, [instanceId, cursor, limit + 1]);
      const page = rows.slice(0, limit);
      return { records: page.map(toRecord), next: rows.length > limit ? (page.at(-1)?.seq as number | undefined) ?? null : null };
    },
    async prune(before, limit) {
      return (await database.write([{ sql: sql.prune, params: [before, limit] }])).changes[0] ?? 0;
    },
    async deleteAll(instanceId, limit) {
      return (await database.write([{ sql: sql.deleteAll, params: [instanceId, limit] }])).changes[0] ?? 0;
    },
  };
}

function toRecord(row: Row): ConnectionRecord {
  return { at: row.at as number, status: row.status as InstanceStatus, reason: row.reason as ReasonCode };
}
