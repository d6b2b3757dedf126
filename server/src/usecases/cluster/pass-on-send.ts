import { isDomainError } from '../../domain/errors.js';
import { makeMessageId, MESSAGE_ID_BYTES } from '../../domain/messages/message-id.js';
import type { Clock, Random } from '../../ports/clock.js';
import type { LeaseHolder } from '../../ports/leases.js';
import type { MediaFetcher } from '../../ports/media-fetcher.js';
import type { MediaStash } from '../../ports/media-stash.js';
import type { GatewayUseCases, PassedSendOptions, SendAnswer, SendOptions, SendRequest } from '../gateway.js';
import { ACK_TIMEOUT_MS } from '../messages/acknowledgements.js';
import { readQueuedRequest } from '../messages/queued-request.js';
import { hashRequest } from '../messages/request-hash.js';
import { stashMedia, withStashedMedia } from '../messages/stashed-media.js';
import type { OwnerCaller } from './call-owner.js';
import { isLost, wasNotDone } from './find-owner.js';
import { wasNotSent, type LostSend } from './lost-send.js';

/** The message is made ready, its media fetched and uploaded, and then WhatsApp has 30 s. */
const ANSWERED_WITHIN_MS = 60_000;

/** A send as it goes to its owner: the request with its media in the stash, and what was decided on. */
type PassedArgs = [instanceId: string, request: string, options: PassedSendOptions & { messageId: string }];

export interface PassOnSendParts {
  callOwner: OwnerCaller;
  media: MediaFetcher;
  stash: MediaStash;
  findOut: (lost: LostSend) => Promise<SendAnswer>;
  clock: Clock;
  random: Random;
}

/**
 * A synchronous send by the owner, for a node that is not. The message has its id before it is passed on, so that whoever does not hear
 * what became of it can look.
 */
export function createPassedSend(parts: PassOnSendParts, instanceId: string, request: SendRequest, { idempotencyKey }: SendOptions) {
  const messageId = makeMessageId(parts.random.bytes(MESSAGE_ID_BYTES));
  let packed: Promise<PassedArgs> | null = null;

  async function pack(): Promise<PassedArgs> {
    const requestHash = idempotencyKey === undefined ? undefined : await hashRequest(request, parts.media);
    return [instanceId, await stashMedia(parts, instanceId, messageId, request), { messageId, idempotencyKey, requestHash }];
  }

  return {
    /** Can be called again, for another owner, when the first did nothing. */
    async to(owner: LeaseHolder): Promise<SendAnswer> {
      const args = await (packed ??= pack());
      const asked = parts.clock.elapsed();
      try {
        return await parts.callOwner(owner, { verb: 'sendMessage', args }, ANSWERED_WITHIN_MS) as SendAnswer;
      } catch (error) {
        if (!isLost(error) && !gaveUpEarly(error, parts.clock.elapsed() - asked)) throw error;
        const [, , { requestHash }] = args;
        return parts.findOut({ instanceId, messageId, owner, idempotency: idempotencyKey === undefined || requestHash === undefined ? null : { key: idempotencyKey, requestHash } });
      }
    },
    /** To be called with what it failed with: nobody else takes media out of the stash for which nothing was done. */
    async clear(error: unknown): Promise<void> {
      if (packed && 'source' in request && request.source.kind !== 'url' && (wasNotDone(error) || wasNotSent(error))) await drop(parts.stash, instanceId, messageId);
    },
  };
}

/** Whether the owner stopped to wait for WhatsApp's word because it stops: the next owner will hear it. */
function gaveUpEarly(error: unknown, waitedMs: number): boolean {
  return isDomainError(error) && error.code === 'whatsapp_ack_timeout' && waitedMs < ACK_TIMEOUT_MS;
}

/** What the owner does with a send that was passed on to it; its media is taken out of the stash unless another owner will need it. */
export async function sendPassedOn({ local, media, stash }: { local: Pick<GatewayUseCases, 'sendMessage'>; media: MediaFetcher; stash: MediaStash }, args: unknown[]): Promise<SendAnswer> {
  const [instanceId, text, options] = args as PassedArgs;
  const request = readQueuedRequest(text);
  let leave = false;
  try {
    return await withStashedMedia({ media, stash }, instanceId, options.messageId, request, whole => local.sendMessage(instanceId, whole, options));
  } catch (error) {
    leave = wasNotDone(error);
    throw error;
  } finally {
    if ('source' in request && request.source.kind === 'stash' && !leave) await drop(stash, instanceId, options.messageId);
  }
}

/** What stays is removed with what is too old. */
async function drop(stash: MediaStash, instanceId: string, messageId: string): Promise<void> {
  await stash.remove(instanceId, messageId).catch(() => undefined);
}
