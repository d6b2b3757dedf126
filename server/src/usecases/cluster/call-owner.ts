import { DomainError } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import type { LeaseHolder } from '../../ports/leases.js';
import type { NodeCall, NodeLink } from '../../ports/node-link.js';
import type { OwnerLookup } from './owner-lookup.js';

/** A call that takes longer is looked after this often. */
const LOOK_EVERY_MS = 1_000;
/** An owner that gives an instance back in order still answers what is under way. */
const LAST_WORD_MS = 3_000;

export interface OwnerCallerParts {
  link: Pick<NodeLink, 'call'>;
  owners: Pick<OwnerLookup, 'of'>;
  clock: Pick<Clock, 'after'>;
}

/**
 * Calls a verb on the owner of an instance, which is the verb's first argument, and waits for the answer no longer than it counts: a node that is paused
 * keeps its place on the link, but not the instance.
 * @throws DomainError as `NodeLink.call`
 */
export type OwnerCaller = (owner: LeaseHolder, call: NodeCall, timeoutMs: number) => Promise<unknown>;

export function createOwnerCaller({ link, owners, clock }: OwnerCallerParts): OwnerCaller {
  return (owner, call, timeoutMs) => {
    const instanceId = String(call.args[0]);
    let isOver = false;
    let cancel = (): void => undefined;

    const answered = link.call(owner.nodeId, call, timeoutMs).finally(() => {
      isOver = true;
      cancel();
    });
    const superseded = new Promise<never>((_resolve, reject) => {
      async function look(): Promise<void> {
        const holder = await owners.of(instanceId).catch(() => null);
        if (isOver) return;
        if (holder === null || holder.epoch <= owner.epoch) return lookLater();
        cancel = clock.after(LAST_WORD_MS, () => reject(supersededBy(holder)));
      }
      function lookLater(): void {
        cancel = clock.after(LOOK_EVERY_MS, () => void look());
      }
      lookLater();
    });
    return Promise.race([answered, superseded]);
  };
}

function supersededBy({ nodeId }: LeaseHolder): DomainError {
  return new DomainError('owner_unreachable', 'The node that had to do this did not answer, and another has taken its place; it may have been done all the same.', {
    hint: 'Look at what became of it before you try again.', details: { reached: true, nodeId },
  });
}
