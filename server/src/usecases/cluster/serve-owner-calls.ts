import { DomainError } from '../../domain/errors.js';
import type { MediaFetcher } from '../../ports/media-fetcher.js';
import type { MediaStash } from '../../ports/media-stash.js';
import type { NodeCall } from '../../ports/node-link.js';
import type { GatewayUseCases } from '../gateway.js';
import { cleanUpForAnother, CLEAN_UP_VERB } from './clean-up-everywhere.js';
import { asOwner } from './find-owner.js';
import { unowned, type Ownership } from './ownership.js';
import { sendPassedOn } from './pass-on-send.js';
import { isRoutedVerb, runVerb } from './routed-verbs.js';

export interface OwnerCallParts {
  /** What this node does as the owner; never the routed use cases, so that no call goes round. */
  local: GatewayUseCases;
  ownership: Pick<Ownership, 'holds'>;
  media: MediaFetcher;
  stash: MediaStash;
}

/** What a node does for others: verbs on instances that it owns at this moment, for `NodeLink.serve`. @throws DomainError `instance_unowned` for any other */
export function createOwnerCalls({ local, ownership, media, stash }: OwnerCallParts): (call: NodeCall) => Promise<unknown> {
  const sendMessage: GatewayUseCases['sendMessage'] = (instanceId, ...rest) => asOwner(ownership, instanceId, () => local.sendMessage(instanceId, ...rest));

  function run(verb: string, args: unknown[]): Promise<unknown> {
    if (verb === 'sendMessage') return sendPassedOn({ local: { sendMessage }, media, stash }, args);
    if (verb === 'awaitMessage') return local.awaitMessage(...args as Parameters<GatewayUseCases['awaitMessage']>);
    if (isRoutedVerb(verb)) return runVerb(local, verb, args);
    throw new DomainError('internal_error', `This node does not know the verb ${verb}; it may be older than the one that asked.`);
  }

  return async ({ verb, args }) => {
    if (verb === CLEAN_UP_VERB) return cleanUpForAnother(local, args);
    const instanceId = String(args[0]);
    if (!ownership.holds(instanceId)) throw unowned(instanceId);
    return run(verb, args);
  };
}
