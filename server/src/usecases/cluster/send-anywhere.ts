import { isDomainError } from '../../domain/errors.js';
import { stateRank } from '../../domain/messages/message.js';
import type { MessageStore } from '../../ports/message-store.js';
import type { GatewayUseCases, SendAnswer } from '../gateway.js';
import { answerRepeat } from '../messages/repeat-send.js';
import type { OwnerFinder } from './find-owner.js';
import { createPassedSend, type PassOnSendParts } from './pass-on-send.js';

export interface SendAnywhereParts extends PassOnSendParts {
  local: Pick<GatewayUseCases, 'sendMessage' | 'getInstance'>;
  findOwner: OwnerFinder;
  messages: Pick<MessageStore, 'find'>;
}

/** A synchronous send by the owner, wherever it is. */
export function createSendAnywhere(parts: SendAnywhereParts): GatewayUseCases['sendMessage'] {
  const { local, findOwner, messages } = parts;

  return async (instanceId, request, options = {}) => {
    const passed = createPassedSend(parts, instanceId, request, options);
    try {
      return await findOwner(instanceId, { here: () => local.sendMessage(instanceId, request, options), there: passed.to, requireInstance: local.getInstance });
    } catch (error) {
      await passed.clear(error);
      return await acknowledgedElsewhere(instanceId, error) ?? Promise.reject(error);
    }
  };

  /** An instance that changes hands while a send waits for WhatsApp's word: the next owner has it, and whoever waits does not hear of it. */
  async function acknowledgedElsewhere(instanceId: string, error: unknown): Promise<SendAnswer | null> {
    if (!isDomainError(error) || error.code !== 'whatsapp_ack_timeout') return null;
    const message = await messages.find(instanceId, String(error.details['messageId'])).catch(() => null);
    const state = message?.state ?? 'sending';
    return message && state !== 'failed' && stateRank(state) >= stateRank('sent') ? answerRepeat(message) : null;
  }
}
