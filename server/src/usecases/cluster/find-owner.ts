import { DomainError, isDomainError } from '../../domain/errors.js';
import type { LeaseHolder, Leases } from '../../ports/leases.js';
import type { OwnerLookup } from './owner-lookup.js';
import { unowned, type Ownership } from './ownership.js';

/** What is to be done, by where the owner is. */
export interface Ways<T> {
  here(): Promise<T>;
  there(owner: LeaseHolder): Promise<T>;
  /** Called when nobody owns the instance. @throws DomainError `instance_not_found` */
  requireInstance(instanceId: string): Promise<unknown>;
}

export interface OwnerFinderParts {
  ownership: Pick<Ownership, 'holds'>;
  leases: Pick<Leases, 'nodeId'>;
  owners: OwnerLookup;
}

/** Goes where the owner is. @throws DomainError `instance_unowned`, `owner_unreachable`, `store_unavailable`, or what the way throws */
export type OwnerFinder = <T>(instanceId: string, ways: Ways<T>) => Promise<T>;

/**
 * Finds the owner of an instance, for one verb. Where that turns out to be another one by now, and nothing was done, it goes there once:
 * whoever is asked never passes a call on.
 */
export function createOwnerFinder({ ownership, leases, owners }: OwnerFinderParts): OwnerFinder {
  async function find(instanceId: string): Promise<LeaseHolder | 'here' | null> {
    if (ownership.holds(instanceId)) return 'here';
    const owner = await owners.of(instanceId);
    // Its own time as the owner is over by its own clock, or has not begun.
    return owner?.nodeId === leases.nodeId ? null : owner;
  }

  async function go<T>(instanceId: string, place: LeaseHolder | 'here' | null, ways: Ways<T>): Promise<T> {
    if (place === null) {
      owners.forget(instanceId);
      await ways.requireInstance(instanceId);
      throw unowned(instanceId);
    }
    try {
      return await (place === 'here' ? asOwner(ownership, instanceId, ways.here) : ways.there(place));
    } catch (error) {
      if (place !== 'here' && isDomainError(error) && (error.code === 'owner_unreachable' || error.code === 'instance_unowned')) owners.forget(instanceId);
      throw error;
    }
  }

  return async (instanceId, ways) => {
    const first = await find(instanceId);
    try {
      return await go(instanceId, first, ways);
    } catch (error) {
      if (first === null || !wasNotDone(error)) throw error;
      const second = await find(instanceId);
      if (isSame(first, second)) throw error;
      return go(instanceId, second, ways);
    }
  };
}

/** Does something as the owner; whoever stops to be it meanwhile, and therefore fails, says so. */
export async function asOwner<T>(ownership: Pick<Ownership, 'holds'>, instanceId: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // The session was closed for the next owner. Nothing was sent, and there something can be.
    if (isDomainError(error) && error.code === 'instance_not_connected' && !ownership.holds(instanceId)) throw unowned(instanceId, error);
    throw error;
  }
}

/** Whether it is certain that nothing came of it. */
export function wasNotDone(error: unknown): error is DomainError {
  return isDomainError(error) && (error.code === 'instance_unowned' || (error.code === 'owner_unreachable' && error.details['reached'] === false));
}

/** Whether the answer was lost. */
export function isLost(error: unknown): error is DomainError {
  return isDomainError(error) && error.code === 'owner_unreachable' && error.details['reached'] !== false;
}

function isSame(one: LeaseHolder | 'here', other: LeaseHolder | 'here' | null): boolean {
  if (one === 'here' || other === 'here' || other === null) return one === other;
  return one.nodeId === other.nodeId && one.epoch === other.epoch;
}
