import type { InstanceStatus } from '../domain/instances/instance.js';
import type { ReasonCode } from '../domain/instances/reasons.js';

/** The live state of an instance. Times are epoch milliseconds. */
export interface LiveStatus {
  instanceId: string;
  status: InstanceStatus;
  reason: ReasonCode;
  qr: { text: string; madeAt: number; expiresAt: number } | null;
  phoneNumber: string | null;
  lastSeen: number | null;
  connectedAt: number | null;
  updatedAt: number;
}

/** Where live state is shown, so that any node can answer (requirement K3). */
export interface StatusBoard {
  put(status: LiveStatus): Promise<void>;
  get(instanceId: string): Promise<LiveStatus | null>;
  getMany(instanceIds: string[]): Promise<Map<string, LiveStatus>>;
  remove(instanceId: string): Promise<void>;
}
