import type { GatewayUseCases } from '../gateway.js';
import type { InstanceUseCaseDeps } from './deps.js';

/** Deletes softly: disconnects, keeps row and session, so that a restore needs no new scan. */
export function createDeleteInstance({ instances, find, view, board, sessions, turns, letGo, clock }: InstanceUseCaseDeps): GatewayUseCases['deleteInstance'] {
  return instanceId => turns.run([instanceId], async () => {
    const row = await find(instanceId);
    // First the row: a deleted instance must not come back by itself, whatever happens next.
    await instances.update(instanceId, { deletedAt: clock.now(), active: false }, clock.now());
    const session = sessions.of(row);
    await session.dispatch({ type: 'disconnect', reason: 'deleted' });
    await sessions.settled(instanceId);
    sessions.forget(instanceId);
    letGo(instanceId);
    await board.remove(session.tenure);
    return view.one(await instances.find(instanceId) ?? row);
  });
}
