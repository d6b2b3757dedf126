import type { Instance } from '../../domain/instances/instance.js';
import type { LiveStatus, StatusBoard } from '../../ports/status-board.js';
import type { InstanceView } from '../gateway.js';

/** Row and live state in one; live state wins, and a row that nobody stands behind is never shown as connected. */
export interface InstanceViewer {
  one(row: Instance): Promise<InstanceView>;
  many(rows: Instance[]): Promise<InstanceView[]>;
}

/**
 * @param epochs where instances have owners that change: the epochs of those that are owned. While there is no live state, as when Redis is away or was
 * emptied, a row is believed that the present owner wrote. What a former one wrote is not: the instance is on its way to another.
 */
export function createInstanceViewer(board: StatusBoard, epochs?: (instanceIds: string[]) => Promise<ReadonlyMap<string, number>>): InstanceViewer {
  async function many(rows: Instance[]): Promise<InstanceView[]> {
    const live = await board.getMany(rows.map(row => row.instanceId));
    const doubtful = rows.filter(row => !live.has(row.instanceId) && !isAtRest(row)).map(row => row.instanceId);
    const present = epochs && doubtful.length > 0 ? await epochs(doubtful) : null;
    return rows.map(row => {
      const state = live.get(row.instanceId);
      if (state) return withState(row, state);
      if (!present || isAtRest(row)) return withoutState(row);
      return row.statusEpoch !== null && present.get(row.instanceId) === row.statusEpoch ? { ...row, live: null, statusAt: row.updatedAt } : between(row);
    });
  }

  return {
    many,
    async one(row) {
      const [view] = await many([row]);
      return view ?? withoutState(row);
    },
  };
}

/** It says nothing that needs a connection. */
function isAtRest({ status }: Instance): boolean {
  return status === 'DISCONNECTED' || status === 'LOGGED_OUT';
}

function withoutState(row: Instance): InstanceView {
  const stopped = isAtRest(row) ? {} : { status: 'DISCONNECTED', reason: 'gateway_stopped' } as const;
  return { ...row, ...stopped, qr: null, live: null, statusAt: row.updatedAt };
}

/** Its owner is gone, and the next one has not spoken yet. A QR is gone with its socket; a session comes back by itself. */
function between(row: Instance): InstanceView {
  if (row.status === 'QR_READY' || !row.active) return withoutState(row);
  return { ...row, status: 'CONNECTING', reason: 'taken_over', qr: null, live: null, statusAt: row.updatedAt };
}

function withState(row: Instance, live: LiveStatus): InstanceView {
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
    statusAt: live.updatedAt,
  };
}
