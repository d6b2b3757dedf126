import { LRUCache } from 'lru-cache';
import type { AckStatus, MessageFailure, StoredMessage } from '../../domain/messages/message.js';
import type { ChatFacts } from '../../domain/webhooks/filter.js';
import type { Clock } from '../../ports/clock.js';
import type { MessageStore } from '../../ports/message-store.js';
import type { Receipt, ServerAck } from '../../ports/whatsapp-client.js';
import type { Outlet } from '../events/outlet.js';
import type { Acknowledgements } from './acknowledgements.js';
import type { MessageFacts, Relay } from './relay.js';

/** Messages whose receipts need no look into the store. */
const REMEMBERED = 10_000;

/** Moves outgoing messages on, and tells the world with the same commit. */
export interface MessageSettler {
  /** WhatsApp's acknowledgement or refusal. */
  onServerAck(instanceId: string, ack: ServerAck): Promise<void>;
  /** The recipient's receipt. */
  onReceipt(instanceId: string, receipt: Receipt): Promise<void>;
  fail(message: Pick<StoredMessage, 'instanceId' | 'messageId'>, failure: MessageFailure): Promise<void>;
}

export interface MessageSettlerParts {
  messages: Pick<MessageStore, 'advance' | 'find'>;
  outlet: Outlet;
  acknowledgements: Acknowledgements;
  relay: Pick<Relay, 'settled'>;
  clock: Clock;
}

export function createMessageSettler({ messages, outlet, acknowledgements, relay, clock }: MessageSettlerParts): MessageSettler {
  const remembered = new LRUCache<string, MessageFacts>({ max: REMEMBERED });

  async function factsOf(instanceId: string, messageId: string): Promise<MessageFacts | null> {
    const name = `${instanceId}/${messageId}`;
    const known = relay.settled(instanceId, messageId) ?? remembered.get(name) ?? await messages.find(instanceId, messageId);
    if (!known || ('direction' in known && known.direction !== 'out')) return null;
    const { party, chatId, correlationId } = known;
    remembered.set(name, { party, chatId, correlationId });
    return known;
  }

  /** Answers when the step was noted. */
  async function advance(instanceId: string, messageId: string, status: AckStatus, failure?: MessageFailure): Promise<number> {
    const at = clock.now();
    const message = await factsOf(instanceId, messageId);
    if (!message) return at;
    const data = {
      messageId, status, to: message.party,
      ...(message.correlationId === null ? {} : { correlationId: message.correlationId }),
      ...(failure ? { error: failure } : {}),
    };
    const deliveries = await outlet.prepare(instanceId, { type: 'message.ack', data }, [messageId, status], message.chatId, aboutChat(message));
    const step = { instanceId, messageId, to: status, at, ...(failure ? { failure } : {}) };
    if (await messages.advance(step, deliveries) && deliveries.length > 0) outlet.wake();
    return at;
  }

  return {
    async onServerAck(instanceId, ack) {
      const at = ack.errorCode === null
        ? await advance(instanceId, ack.messageId, 'sent')
        : await advance(instanceId, ack.messageId, 'failed', refusal(ack.errorCode));
      // Whoever waits is told what is on disk already.
      acknowledgements.settle(instanceId, { ...ack, at });
    },
    async onReceipt(instanceId, { messageIds, status }) {
      for (const messageId of messageIds) await advance(instanceId, messageId, status);
    },
    async fail({ instanceId, messageId }, failure) {
      await advance(instanceId, messageId, 'failed', failure);
    },
  };
}

/** WhatsApp's refusal of a message, by its code. */
export function refusal(code: number): MessageFailure {
  const known: Record<number, string> = {
    463: 'WhatsApp refused the message (463): this account may not start new chats at the moment.',
    479: 'WhatsApp refused the message (479): its form was not accepted, perhaps because of a stale device session.',
    500: 'WhatsApp refused the message (500): an error on its side.',
  };
  return { code: 'whatsapp_rejected', message: known[code] ?? `WhatsApp refused the message with code ${code}.` };
}

function aboutChat({ chatId, party }: MessageFacts): ChatFacts {
  return { chatType: chatId.endsWith('@g.us') ? 'group' : 'direct', addresses: [chatId, party], fromMe: true };
}
