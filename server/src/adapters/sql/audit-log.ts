import type { AuditCursor, AuditEntry, AuditLog, AuditQuery, NewAuditEntry } from '../../ports/audit-log.js';
import { listParam } from './bind-values.js';
import type { Database, Row, SqlValue } from './database.js';

/** The columns of an entry, in the order in which they are written. */
export const AUDIT_COLUMNS = ['at', 'actorId', 'actorName', 'action', 'instanceId', 'outcome', 'detail', 'requestId'] as const;

/**
 * `entry` stands for all columns of an entry, and `seq`. Each list takes (at and seq behind which the page begins, since, limit, 1 for `ok` or 0 for what
 * failed or null, instanceId or null, actorId or null, action or null, a list of instances or null) → entry, latest first; it goes over the index of
 * what it is named after.
 */
export interface AuditSql {
  /** (entry) */
  insert: string;
  list: string;
  listInstance: string;
  listActor: string;
  listAction: string;
  /** (before, limit) */
  prune: string;
}

/** Later than anything. */
const END_OF_TIME = Number.MAX_SAFE_INTEGER;
/** Writes of the log share transactions, and wait for none of an instance. */
const WRITES = 'audit';

/** The audit log. */
export function createAuditLog(database: Database, { audit: sql }: { audit: AuditSql }): AuditLog {
  return {
    async record(entry, patient = false) {
      await database.write([{ sql: sql.insert, params: valuesOf(entry) }], { key: WRITES, patient });
    },
    async list({ limit, cursor, since = 0, until = END_OF_TIME, outcome, ...query }) {
      const behind = cursor && cursor.at < until ? cursor : { at: until, seq: 0 };
      // One more than asked for tells whether there is a next page.
      const rows = await database.read(listOf(sql, query), [behind.at, behind.seq, since, limit + 1, outcome === undefined ? null : Number(outcome === 'ok'),
        query.instanceId ?? null, query.actorId ?? null, query.action ?? null, query.instances ? listParam(query.instances) : null]);
      const entries = rows.slice(0, limit).map(toEntry);
      return { entries, next: rows.length > limit ? placeOf(entries.at(-1)) : null };
    },
    async prune(before, limit) {
      return (await database.write([{ sql: sql.prune, params: [before, limit] }])).changes[0] ?? 0;
    },
  };
}

function listOf(sql: AuditSql, { instanceId, actorId, action }: Pick<AuditQuery, 'instanceId' | 'actorId' | 'action'>): string {
  if (instanceId !== undefined) return sql.listInstance;
  if (actorId !== undefined) return sql.listActor;
  return action === undefined ? sql.list : sql.listAction;
}

function valuesOf({ at, actor, action, instanceId, outcome, detail, requestId }: NewAuditEntry): SqlValue[] {
  return [at, actor.id, actor.name, action, instanceId, outcome, detail && JSON.stringify(detail), requestId];
}

function toEntry(row: Row): AuditEntry {
  return {
    seq: row.seq as number,
    at: row.at as number,
    actor: { id: row.actorId as string, name: row.actorName as string },
    action: row.action as string,
    instanceId: row.instanceId as string | null,
    outcome: row.outcome as AuditEntry['outcome'],
    detail: row.detail === null ? null : JSON.parse(row.detail as string) as Record<string, unknown>,
    requestId: row.requestId as string | null,
  };
}

function placeOf(entry: AuditEntry | undefined): AuditCursor | null {
  return entry ? { at: entry.at, seq: entry.seq } : null;
}
