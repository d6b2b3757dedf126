import type { Instance } from '../../domain/instances/instance.js';
import type { LiveStatus, StatusBoard } from '../../ports/status-board.js';
import type { InstanceView } from '../gateway.js';

/** Row and live state in one; live state wins, and a row without a live session is never shown as connected. */
export interface InstanceViewer {
  one(row: Instance): Promise<InstanceView>;
  many(rows: Instance[]): Promise<InstanceView[]>;
}

export function createInstanceViewer(board: StatusBoard): InstanceViewer {
  return {
    one: async row => merge(row, await board.get(row.instanceId)),
    async many(rows) {
      const live = await board.getMany(rows.map(row => row.instanceId));
      return rows.map(row => merge(row, live.get(row.instanceId) ?? null));
    },
  };
}

function merge(row: Instance, live: LiveStatus | null): InstanceView {
  if (!live) return { ...row, ...withoutSession(row), qr: null, live };
  return {
    ...row,
    live,
    status: live.status,
    reason: live.reason,
    qr: live.qr?.text ?? null,
    qrAt: live.qr?.madeAt ?? null,
    phoneNumber: live.phoneNumber ?? row.phoneNumber,
    lastSeen: live.lastSeen ?? row.lastSeen,
    connectedAt: live.connectedAt ?? row.connectedAt,
  };
}

function withoutSession({ status, reason }: Instance): Pick<Instance, 'status' | 'reason'> {
  return status === 'DISCONNECTED' || status === 'LOGGED_OUT' ? { status, reason } : { status: 'DISCONNECTED', reason: 'gateway_stopped' };
}
