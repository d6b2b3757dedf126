import type { InstanceStatus } from '../domain/instances/instance.js';
import type { ReasonCode } from '../domain/instances/reasons.js';
import type { Tenure } from '../domain/instances/tenure.js';

/** A change of an instance's status or reason. Times are epoch milliseconds. */
export interface ConnectionRecord {
  at: number;
  status: InstanceStatus;
  reason: ReasonCode;
}

export interface ConnectionHistoryPage {
  /** Latest first. */
  records: ConnectionRecord[];
  /** For the next page; null at the end. */
  next: number | null;
}

/** What became of an instance's connection, and when (requirement P4). It outlives a deletion that can be undone. */
export interface ConnectionHistory {
  /**
   * Durable when it resolves. Saying the same again, as when nobody knows whether the first time succeeded, changes nothing.
   * @throws DomainError `instance_unowned` when the tenure is over
   */
  append(tenure: Tenure, record: ConnectionRecord): Promise<void>;
  /** @param query.cursor only what came before it */
  list(instanceId: string, query: { limit: number; cursor?: number | undefined }): Promise<ConnectionHistoryPage>;
  /** Removes up to `limit` records from before that moment; answers how many. */
  prune(before: number, limit: number): Promise<number>;
  /** Removes up to `limit` records of the instance; answers how many. */
  deleteAll(instanceId: string, limit: number): Promise<number>;
}
