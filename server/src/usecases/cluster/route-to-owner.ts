import type { Logger } from 'pino';
import type { Clock, Random } from '../../ports/clock.js';
import type { Leases } from '../../ports/leases.js';
import type { MediaFetcher } from '../../ports/media-fetcher.js';
import type { MediaStash } from '../../ports/media-stash.js';
import type { MessageStore } from '../../ports/message-store.js';
import type { NodeLink } from '../../ports/node-link.js';
import type { InstanceRepository } from '../../ports/repositories.js';
import type { GatewayUseCases } from '../gateway.js';
import { findEvenDeleted } from '../instances/find-instance.js';
import { createAwaitAnywhere } from './await-anywhere.js';
import { createOwnerCaller } from './call-owner.js';
import { createCleanUpEverywhere } from './clean-up-everywhere.js';
import { createOwnerFinder } from './find-owner.js';
import { createLostSends } from './lost-send.js';
import { createOwnerLookup } from './owner-lookup.js';
import type { Ownership } from './ownership.js';
import { ROUTED_VERBS, runVerb, type RoutedVerb } from './routed-verbs.js';
import { createSendAnywhere } from './send-anywhere.js';
import { createPatientOwnerFinder } from './wait-for-owner.js';

export interface RoutedUseCaseParts {
  /** What this node does as the owner. */
  local: GatewayUseCases;
  ownership: Pick<Ownership, 'holds'>;
  leases: Pick<Leases, 'nodeId' | 'ownerOf' | 'nodes'>;
  link: Pick<NodeLink, 'call'>;
  instances: Pick<InstanceRepository, 'find'>;
  messages: Pick<MessageStore, 'find' | 'findByKey'>;
  media: MediaFetcher;
  stash: MediaStash;
  /** An instance was made: lets this node own it at once. */
  onCreated: (instanceId: string) => Promise<unknown>;
  clock: Clock;
  random: Random;
  logger: Pick<Logger, 'warn'>;
}

/**
 * The gateway's verbs on any node of a cluster: those that need the owner of an instance are done by it, wherever it is, with the same answer
 * as if local; the others are done here. The owner's side is `createOwnerCalls`.
 */
export function createRoutedUseCases(parts: RoutedUseCaseParts): GatewayUseCases {
  const { local, leases, link, clock } = parts;
  const owners = createOwnerLookup(leases, clock);
  const findOwner = createOwnerFinder({ ...parts, owners });
  const waitForOwner = createPatientOwnerFinder(findOwner, clock);
  const callOwner = createOwnerCaller({ link, owners, clock });
  const verbs = Object.keys(ROUTED_VERBS) as RoutedVerb[];
  const routed = Object.fromEntries(verbs.map(verb => [verb, route(verb)])) as unknown as Pick<GatewayUseCases, RoutedVerb>;

  function route(verb: RoutedVerb) {
    return (instanceId: string, ...rest: unknown[]): Promise<unknown> => {
      const args = [instanceId, ...rest];
      return waitForOwner(instanceId, {
        here: () => runVerb(local, verb, args),
        there: owner => callOwner(owner, { verb, args }, ROUTED_VERBS[verb]),
        requireInstance: verb === 'purgeInstance' || verb === 'restoreInstance' ? id => findEvenDeleted(parts.instances, id) : local.getInstance,
      });
    };
  }

  return {
    ...local,
    ...routed,
    async createInstance(input) {
      const created = await local.createInstance(input);
      await parts.onCreated(created.instanceId).catch((err: unknown) => parts.logger.warn({ err, instanceId: created.instanceId }, 'a new instance waits for a node to take it'));
      return created;
    },
    cleanUpSessions: createCleanUpEverywhere(parts),
    sendMessage: createSendAnywhere({ ...parts, findOwner: waitForOwner, callOwner, findOut: createLostSends({ ...parts, owners }) }),
    awaitMessage: createAwaitAnywhere({ local, findOwner, callOwner, clock }),
  };
}
