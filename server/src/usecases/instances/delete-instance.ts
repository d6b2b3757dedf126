import type { GatewayUseCases } from '../gateway.js';
import type { InstanceUseCaseDeps } from './deps.js';

/** Deletes softly: disconnects, keeps row and session, so that a restore needs no new scan. */
export function createDeleteInstance({ instances, find, view, board, sessions, turns, clock }: InstanceUseCaseDeps): GatewayUseCases['deleteInstance'] {
  return instanceId => turns.run([instanceId], async () => {
    const row = await find(instanceId);
    // First the row: a deleted instance must not come back by itself, whatever happens next.
    await instances.update(instanceId, { deletedAt: clock.now(), active: false }, clock.now());
    await sessions.of(row).dispatch({ type: 'disconnect', reason: 'deleted' });
    await sessions.settled();
    sessions.forget(instanceId);
    await board.remove(instanceId);
    return view.one(await instances.find(instanceId) ?? row);
  });
}
