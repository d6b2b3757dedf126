import { LRUCache } from 'lru-cache';
import type { Clock } from '../../ports/clock.js';
import type { LeaseHolder, Leases } from '../../ports/leases.js';

/** An owner is believed in for that long: a call that goes to the wrong node is refused there, and asks again. */
const BELIEVED_MS = 1_000;
const REMEMBERED = 10_000;

export interface OwnerLookup {
  /** @throws DomainError `store_unavailable` */
  of(instanceId: string): Promise<LeaseHolder | null>;
  /** It turned out to be wrong: the next look is at the store. */
  forget(instanceId: string): void;
}

/** Who owns which instance, as the store said a moment ago; those who ask at the same time share a look. */
export function createOwnerLookup(leases: Pick<Leases, 'ownerOf'>, clock: Pick<Clock, 'elapsed'>): OwnerLookup {
  const known = new LRUCache<string, { at: number; holder: Promise<LeaseHolder | null> }>({ max: REMEMBERED });

  return {
    async of(instanceId) {
      const believed = known.get(instanceId);
      if (believed && clock.elapsed() - believed.at < BELIEVED_MS) return believed.holder;
      const entry = { at: clock.elapsed(), holder: leases.ownerOf(instanceId) };
      known.set(instanceId, entry);
      const drop = (): void => {
        if (known.peek(instanceId) === entry) known.delete(instanceId);
      };
      const holder = await entry.holder.catch((error: unknown) => {
        drop();
        throw error;
      });
      // Nobody is soon somebody.
      if (holder === null) drop();
      return holder;
    },
    forget: instanceId => void known.delete(instanceId),
  };
}
