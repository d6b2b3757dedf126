import type { ErrorCode } from '../domain/errors.js';

/** One thing that was done to the gateway, or tried, or that it did by itself (requirement F5). Times are epoch milliseconds. */
export interface AuditEntry {
  /** Order of arrival, for entries of one moment. */
  seq: number;
  at: number;
  /** Who: a key, or `gateway`. */
  actor: { id: string; name: string };
  /** Such as `instance.connect`, `key.create`, `sessions.cleanup_pending`. */
  action: string;
  /** null for what concerns no single instance. */
  instanceId: string | null;
  outcome: 'ok' | ErrorCode;
  /** JSON-safe; never a secret, never the text of a message. */
  detail: Record<string, unknown> | null;
  /** Of the request that asked for it; null for what the gateway does by itself. */
  requestId: string | null;
}

export type NewAuditEntry = Omit<AuditEntry, 'seq'>;

/** A place in the log: what was written after it, by its own time, comes before it in a list. */
export interface AuditCursor { at: number; seq: number }

export interface AuditQuery {
  /** Entries behind this place. */
  cursor?: AuditCursor | undefined;
  limit: number;
  instanceId?: string | undefined;
  actorId?: string | undefined;
  action?: string | undefined;
  outcome?: 'ok' | 'failed' | undefined;
  /** From this moment on, and before that one. */
  since?: number | undefined;
  until?: number | undefined;
  /** Only entries of these instances, as for a key that is bound to them. */
  instances?: readonly string[] | undefined;
}

export interface AuditPage {
  /** Latest first. */
  entries: AuditEntry[];
  /** For the next page; null at the end. */
  next: AuditCursor | null;
}

/** What was done and by whom: written once, never changed. */
export interface AuditLog {
  /**
   * Durable when it resolves. Entries that come at the same time share a commit.
   * @param patient it may wait some milliseconds for another write, to share its commit
   */
  record(entry: NewAuditEntry, patient?: boolean): Promise<void>;
  list(query: AuditQuery): Promise<AuditPage>;
  /** Removes up to `limit` entries from before that moment; answers how many. */
  prune(before: number, limit: number): Promise<number>;
}
