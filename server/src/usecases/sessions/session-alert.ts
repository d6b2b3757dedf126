import type { InstanceAlertData } from '../../domain/events/event.js';
import type { FlappingLimits } from '../../domain/instances/flapping.js';
import type { SessionFact } from './observe-session.js';

/**
 * What the user's systems are told of a fact; null of most.
 * @param now epoch milliseconds
 */
export function alertOf(fact: SessionFact, { losses, withinMs }: FlappingLimits, now: number): InstanceAlertData | null {
  if (fact.type === 'deaf') {
    return { alert: 'deaf', message: 'The connection stood, but WhatsApp answered nothing any more. The gateway makes a new one by itself; messages that were queued go out over that.' };
  }
  if (fact.type !== 'flapping') return null;
  const minutes = Math.ceil(fact.pauseMs / 60_000);
  return {
    alert: 'flapping',
    message: `The connection was lost more than ${losses} times within ${withinMs / 60_000} minutes, or again soon after a pause. The gateway stays away from WhatsApp for about ${minutes} min and then tries once more by itself; connect tries at once.`,
    retryAt: new Date(now + fact.pauseMs).toISOString(),
  };
}
