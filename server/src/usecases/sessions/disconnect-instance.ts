import type { GatewayUseCases } from '../gateway.js';
import type { SessionUseCaseDeps } from './deps.js';

/** Closes the connection and keeps the session; the instance does not come back by itself, not after a restart either. */
export function createDisconnectInstance({ find, view, instances, sessions, turns, clock }: SessionUseCaseDeps): GatewayUseCases['disconnectInstance'] {
  return instanceId => turns.run([instanceId], async () => {
    const instance = await find(instanceId);
    await instances.update(instanceId, { active: false }, clock.now());
    await sessions.of(instance).dispatch({ type: 'disconnect', reason: 'disconnected_by_user' });
    await sessions.settled(instanceId);
    return view.one(await find(instanceId));
  });
}
