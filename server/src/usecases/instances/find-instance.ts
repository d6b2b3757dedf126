import { DomainError } from '../../domain/errors.js';
import type { Instance } from '../../domain/instances/instance.js';
import type { InstanceRepository } from '../../ports/repositories.js';
import type { StatusBoard } from '../../ports/status-board.js';
import type { InstanceView } from '../gateway.js';

/** Answers the row of an instance that is in use. @throws DomainError `instance_not_found` */
export type InstanceLookup = (instanceId: string) => Promise<Instance>;

export function createInstanceLookup(instances: Pick<InstanceRepository, 'find'>): InstanceLookup {
  return async instanceId => {
    const instance = await instances.find(instanceId);
    if (instance && instance.deletedAt === null) return instance;
    throw new DomainError('instance_not_found', `There is no instance "${instanceId}".`, {
      hint: instance ? 'It was deleted; restore it with POST /instances/{id}/restore.' : 'List the instances with GET /instances, or create it with POST /instances.',
    });
  };
}

/** Row and live state in one; live state wins, and a row without a live session is never shown as connected. */
export function createInstanceViewer(board: StatusBoard) {
  return async (rows: Instance[]): Promise<InstanceView[]> => {
    const live = await board.getMany(rows.map(row => row.instanceId));
    return rows.map(row => {
      const status = live.get(row.instanceId) ?? null;
      if (!status) return { ...row, ...withoutSession(row), qr: null, live: null };
      return {
        ...row,
        live: status,
        status: status.status,
        reason: status.reason,
        qr: status.qr?.text ?? null,
        qrAt: status.qr?.madeAt ?? null,
        phoneNumber: status.phoneNumber ?? row.phoneNumber,
        lastSeen: status.lastSeen ?? row.lastSeen,
        connectedAt: status.connectedAt ?? row.connectedAt,
      };
    });
  };
}

export type InstanceViewer = ReturnType<typeof createInstanceViewer>;

function withoutSession(row: Instance): Pick<Instance, 'status' | 'reason'> {
  return row.status === 'DISCONNECTED' || row.status === 'LOGGED_OUT' ? { status: row.status, reason: row.reason } : { status: 'DISCONNECTED', reason: 'gateway_stopped' };
}
