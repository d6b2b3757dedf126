import { isDomainError } from '../../domain/errors.js';
import type { StoredMessage } from '../../domain/messages/message.js';
import type { Clock } from '../../ports/clock.js';
import type { GatewayUseCases } from '../gateway.js';
import { hasCome } from '../messages/await-message.js';
import type { OwnerCaller } from './call-owner.js';
import type { OwnerFinder } from './find-owner.js';
import { pause } from './pause.js';

/** The owner may change while it waits: it is looked for this often. */
const SLICE_MS = 5_000;
/** For the way there and back. */
const LATER_MS = 2_000;
const LOOK_EVERY_MS = 250;

export interface AwaitAnywhereParts {
  local: Pick<GatewayUseCases, 'awaitMessage' | 'getMessage'>;
  findOwner: OwnerFinder;
  callOwner: OwnerCaller;
  clock: Clock;
}

/** Waits where the message's changes are known first, with the owner; while there is none, the row is looked at. */
export function createAwaitAnywhere({ local, findOwner, callOwner, clock }: AwaitAnywhereParts): GatewayUseCases['awaitMessage'] {
  return async (instanceId, messageId, status, timeoutMs) => {
    const until = clock.elapsed() + timeoutMs;
    const left = (): number => Math.max(0, until - clock.elapsed());
    for (;;) {
      const message = await waitWithOwner(Math.min(left(), SLICE_MS)).catch(lookMyself);
      if (hasCome(message, status) || left() === 0) return message;
    }

    function waitWithOwner(sliceMs: number): Promise<StoredMessage> {
      const args: Parameters<typeof local.awaitMessage> = [instanceId, messageId, status, sliceMs];
      return findOwner(instanceId, {
        here: () => local.awaitMessage(...args),
        there: async owner => await callOwner(owner, { verb: 'awaitMessage', args }, sliceMs + LATER_MS) as StoredMessage,
        requireInstance: () => local.getMessage(instanceId, messageId),
      });
    }

    async function lookMyself(error: unknown): Promise<StoredMessage> {
      if (!isDomainError(error) || (error.code !== 'owner_unreachable' && error.code !== 'instance_unowned')) throw error;
      await pause(clock, Math.min(left(), LOOK_EVERY_MS));
      return local.getMessage(instanceId, messageId);
    }
  };
}
