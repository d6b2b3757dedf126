import type { MessageReceivedData } from '../../domain/events/event.js';
import { NOTHING_YET, type StoredMessage } from '../../domain/messages/message.js';
import type { ChatFacts } from '../../domain/webhooks/filter.js';
import type { Clock } from '../../ports/clock.js';
import type { MessageStore } from '../../ports/message-store.js';
import type { IncomingMessage } from '../../ports/whatsapp-client.js';
import type { Outlet } from '../events/outlet.js';

export interface ReceiveMessageParts {
  messages: Pick<MessageStore, 'recordIncoming'>;
  outlet: Outlet;
  clock: Clock;
}

/**
 * Stores an incoming message and what it sets off, and marks what it was read from as done, in one commit. A message that is there already, redelivered or replayed, changes
 * nothing and makes no second event.
 */
export function createReceiveMessage({ messages, outlet, clock }: ReceiveMessageParts) {
  return async (instanceId: string, incoming: IncomingMessage): Promise<void> => {
    const { messageId, chatId, otherChatId, event, journaled } = incoming;
    const deliveries = event
      ? await outlet.prepare(instanceId, { type: 'message.received', data: event }, [chatId, incoming.senderJid, messageId], chatId, factsOf(chatId, event))
      : [];
    const isNew = await messages.recordIncoming(toStored(instanceId, incoming, clock.now()), deliveries, { otherChatId, journaled });
    if (isNew && deliveries.length > 0) outlet.wake();
  };
}

/** In a direct chat its names are those of who wrote. */
function factsOf(chatId: string, { chat, sender, isGroup }: MessageReceivedData): ChatFacts {
  const names = isGroup ? [] : [chat.phone, sender.id, sender.phone, sender.lid];
  return { chatType: chat.type, addresses: [chatId, ...names.filter(name => name !== undefined)], fromMe: false };
}

function toStored(instanceId: string, incoming: IncomingMessage, now: number): StoredMessage {
  const { messageId, chatId, senderJid, type, proto, timestamp } = incoming;
  return {
    instanceId, messageId, direction: 'in', chatId, party: senderJid, type, state: null, correlationId: null, proto, attempts: 0,
    timestamp, createdAt: now, ...NOTHING_YET,
  };
}
