import { DomainError } from '../../domain/errors.js';
import type { GatewayUseCases } from '../gateway.js';
import type { InstanceUseCaseDeps } from './deps.js';

/** Rows that one step takes: others wait behind a step. */
const STEP = 500;

/**
 * Deletes an instance for good: what it was at WhatsApp, in the queue and in the store. The row goes last, so that a deletion that a crash
 * cut off can be repeated.
 */
export function createPurgeInstance({ instances, board, sessions, turns, belongings, clock }: InstanceUseCaseDeps): GatewayUseCases['purgeInstance'] {
  return instanceId => turns.run([instanceId], async () => {
    const row = await instances.find(instanceId);
    if (!row) throw new DomainError('instance_not_found', `There is no instance "${instanceId}".`);
    const { messages, deliveries, material, queue, subscriptions } = belongings;
    await instances.update(instanceId, { deletedAt: row.deletedAt ?? clock.now(), active: false }, clock.now());
    const session = sessions.of(row);
    await session.socket?.logout().catch(() => {});
    await session.dispatch({ type: 'disconnect', reason: 'deleted' });
    await sessions.settled();
    sessions.forget(instanceId);
    await queue.forget(instanceId);
    await allOf(limit => deliveries.deleteAll(instanceId, limit));
    await allOf(limit => messages.deleteAll(instanceId, limit));
    await material.purge(instanceId);
    await board.remove(instanceId);
    await instances.remove(instanceId);
    subscriptions.invalidate(instanceId);
  });
}

async function allOf(remove: (limit: number) => Promise<number>): Promise<void> {
  while (await remove(STEP) > 0);
}
