import { isAtRest } from '../../domain/instances/connection.js';
import type { InstanceRepository } from '../../ports/repositories.js';
import type { GatewayUseCases, InstanceView, SessionSummary } from '../gateway.js';
import type { InstanceViewer } from '../instances/view-instance.js';

/**
 * The sessions that the gateway holds, on whichever node: of each instance that has a connection, makes one, waits for a scan, or had one that is not
 * released yet.
 */
export function createListSessions({ instances, view }: { instances: Pick<InstanceRepository, 'list'>; view: InstanceViewer }): GatewayUseCases['listSessions'] {
  return async ({ wanted } = {}) => {
    const rows = await instances.list();
    const views = await view.many(rows.filter(row => row.deletedAt === null && (wanted?.includes(row.instanceId) ?? true)));
    return views.filter(({ live, status }) => live !== null || !isAtRest({ status })).map(summarize);
  };
}

function summarize({ instanceId, name, status, reason, live, phoneNumber, lastSeen, connectedAt, qrAt, statusAt }: InstanceView): SessionSummary {
  // What a node of an earlier version shows has no more than its QR.
  const pendingSince = live?.pendingSince ?? (status === 'QR_READY' ? qrAt ?? statusAt : null);
  const known = live?.since ?? (status === 'CONNECTED' ? connectedAt : null);
  return { instanceId, name, status, reason, since: known ?? statusAt, pendingSince, phoneNumber, lastSeen };
}
