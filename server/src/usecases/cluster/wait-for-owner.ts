import { isDomainError } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import type { OwnerFinder } from './find-owner.js';
import { pause } from './pause.js';

/** An instance that changes its node in order, as when one stops or another joins, is taken up sooner. Less than a node that stops gives its callers. */
const PATIENCE_MS = 2_000;
const LOOK_EVERY_MS = 100;

/** Finds the owner of an instance that nobody owns at the moment, if one takes it soon: planned moves are not the caller's business. */
export function createPatientOwnerFinder(findOwner: OwnerFinder, clock: Pick<Clock, 'elapsed' | 'after'>): OwnerFinder {
  return async (instanceId, ways) => {
    const until = clock.elapsed() + PATIENCE_MS;
    for (;;) {
      try {
        return await findOwner(instanceId, ways);
      } catch (error) {
        if (!isDomainError(error) || error.code !== 'instance_unowned' || clock.elapsed() >= until) throw error;
        await pause(clock, LOOK_EVERY_MS);
      }
    }
  };
}
