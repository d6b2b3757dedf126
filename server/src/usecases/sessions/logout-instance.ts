import type { GatewayUseCases } from '../gateway.js';
import type { SessionUseCaseDeps } from './deps.js';

/** Unlinks the device at WhatsApp where it can be reached, and deletes the session in any case: the user wants it gone. */
export function createLogoutInstance({ find, view, instances, sessions, turns, clock }: SessionUseCaseDeps): GatewayUseCases['logoutInstance'] {
  return instanceId => turns.run([instanceId], async () => {
    const instance = await find(instanceId);
    const session = sessions.of(instance);
    await instances.update(instanceId, { active: false }, clock.now());
    const { socket } = session;
    const confirmed = socket ? await socket.logout().then(() => true, () => false) : false;
    await session.dispatch({ type: 'unlinked', confirmed });
    await sessions.settled(instanceId);
    return view.one(await find(instanceId));
  });
}
