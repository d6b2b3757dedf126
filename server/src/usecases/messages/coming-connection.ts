import type { Instance } from '../../domain/instances/instance.js';
import type { Session, SessionView } from '../sessions/session.js';

/** A connection that is made again, as after a takeover or a drop, is there by then. */
const WAIT_MS = 5_000;

/**
 * Waits for the connection of a session that comes back by itself, which is no reason to fail a send. It does not wait for what somebody has to
 * do something about, nor for a WhatsApp that cannot be reached.
 * @param isThere whether the session is still the instance's own
 */
export async function untilItCame(instance: Pick<Instance, 'active'>, session: Session, isThere: () => boolean): Promise<void> {
  if (isComing(instance, session.view())) await session.waitFor(view => !isThere() || !isComing(instance, view), WAIT_MS);
}

export function isComing({ active }: Pick<Instance, 'active'>, { connection: { status, reason } }: SessionView): boolean {
  if (status === 'CONNECTING') return reason === 'connecting' || reason === 'reconnecting';
  // Its turn to be brought back has not come yet.
  return active && status === 'DISCONNECTED' && reason === 'gateway_stopped';
}
