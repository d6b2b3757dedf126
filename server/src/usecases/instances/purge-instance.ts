import type { GatewayUseCases } from '../gateway.js';
import type { InstanceUseCaseDeps } from './deps.js';
import { findEvenDeleted } from './find-instance.js';

/** Rows that one step takes: others wait behind a step. */
const STEP = 500;

/**
 * Deletes an instance for good: what it was at WhatsApp, in the queue and in the store. The row goes last, so that a deletion that a crash
 * cut off can be repeated.
 */
export function createPurgeInstance({ instances, board, sessions, turns, belongings, endTenure, letGo, clock }: InstanceUseCaseDeps): GatewayUseCases['purgeInstance'] {
  return instanceId => turns.run([instanceId], async () => {
    const row = await findEvenDeleted(instances, instanceId);
    const { messages, deliveries, history, material, queue, subscriptions } = belongings;
    await instances.update(instanceId, { deletedAt: row.deletedAt ?? clock.now(), active: false }, clock.now());
    const session = sessions.of(row);
    await session.socket?.logout().catch(() => {});
    await session.dispatch({ type: 'disconnect', reason: 'deleted' });
    await sessions.settled(instanceId);
    sessions.forget(instanceId);
    await queue.forget(instanceId);
    // Not before: what lets go of the queue closes what empties it.
    letGo(instanceId);
    await allOf(limit => deliveries.deleteAll(instanceId, limit));
    await allOf(limit => messages.deleteAll(instanceId, limit));
    await allOf(limit => history.deleteAll(instanceId, limit));
    await material.purge(session.tenure);
    await board.remove(session.tenure);
    // First this: when the row is gone, another node may make one of the same id.
    endTenure(session.tenure);
    await instances.remove(instanceId);
    subscriptions.invalidate(instanceId);
  });
}

async function allOf(remove: (limit: number) => Promise<number>): Promise<void> {
  while (await remove(STEP) > 0);
}
