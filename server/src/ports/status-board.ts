import type { InstanceStatus } from '../domain/instances/instance.js';
import type { ReasonCode } from '../domain/instances/reasons.js';
import type { Tenure } from '../domain/instances/tenure.js';

/** The live state of an instance. Times are epoch milliseconds. */
export interface LiveStatus {
  instanceId: string;
  /** That of the owner who says so; 0 in a gateway that shares its store with nobody. */
  epoch: number;
  status: InstanceStatus;
  reason: ReasonCode;
  qr: { text: string; madeAt: number; expiresAt: number } | null;
  phoneNumber: string | null;
  lastSeen: number | null;
  connectedAt: number | null;
  /** When its owner said so last; it says so again every few seconds, as long as it lives. */
  updatedAt: number;
  /** Since when it is in its status. Not told by nodes of versions before this field. */
  since?: number;
  /** Since when a pairing is open that nobody has finished; null when none is. */
  pendingSince?: number | null;
}

/**
 * Where live state is shown, so that any node can answer (requirement K3). What is shown of an instance belongs to a tenure: what comes late, from
 * an owner of the past, changes nothing. None of the calls fails; what cannot be shown now is shown later.
 */
export interface StatusBoard {
  put(status: LiveStatus): Promise<void>;
  /** null when there is nothing, or when it cannot be had now. */
  get(instanceId: string): Promise<LiveStatus | null>;
  getMany(instanceIds: string[]): Promise<Map<string, LiveStatus>>;
  /** There is nothing to show of the instance any more. */
  remove(tenure: Tenure): Promise<void>;
  /** The tenure is over: what was put in it is kept up no longer, and is gone, unless somebody else has put something since. */
  forget(tenure: Tenure): Promise<void>;
}
