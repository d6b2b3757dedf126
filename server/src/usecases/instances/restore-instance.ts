import type { GatewayUseCases } from '../gateway.js';
import type { InstanceUseCaseDeps } from './deps.js';
import { findEvenDeleted } from './find-instance.js';

/** Takes a soft delete back. The instance is not connected by this; one that is in use is answered as it is. */
export function createRestoreInstance({ instances, view, turns, clock }: InstanceUseCaseDeps): GatewayUseCases['restoreInstance'] {
  return instanceId => turns.run([instanceId], async () => {
    const row = await findEvenDeleted(instances, instanceId);
    if (row.deletedAt === null) return view.one(row);
    const status = row.status === 'LOGGED_OUT' ? {} : { status: 'DISCONNECTED' as const, reason: 'disconnected_by_user' as const };
    return view.one(await instances.update(instanceId, { deletedAt: null, ...status }, clock.now()));
  });
}
