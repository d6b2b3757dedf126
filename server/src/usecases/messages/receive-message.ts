import type { MessageReceivedData } from '../../domain/events/event.js';
import { NOTHING_YET, type StoredMessage } from '../../domain/messages/message.js';
import type { Tenure } from '../../domain/instances/tenure.js';
import type { ChatFacts } from '../../domain/webhooks/filter.js';
import type { Clock } from '../../ports/clock.js';
import type { MessageStore } from '../../ports/message-store.js';
import type { Metrics } from '../../ports/metrics.js';
import type { IncomingMessage } from '../../ports/whatsapp-client.js';
import type { Outlet } from '../events/outlet.js';

export interface ReceiveMessageParts {
  messages: Pick<MessageStore, 'recordIncoming'>;
  outlet: Outlet;
  clock: Clock;
  metrics?: Pick<Metrics, 'messageReceived'>;
}

/**
 * Stores an incoming message and what it sets off, and marks what it was read from as done, in one commit. A message that is there already, redelivered or replayed, changes
 * nothing and makes no second event.
 */
export function createReceiveMessage({ messages, outlet, clock, metrics }: ReceiveMessageParts) {
  return async ({ instanceId, epoch }: Tenure, incoming: IncomingMessage): Promise<void> => {
    const { messageId, chatId, otherChatId, otherSenderJid: otherParty, event, journaled } = incoming;
    const deliveries = event
      ? await outlet.prepare(instanceId, { type: 'message.received', data: event }, [chatId, incoming.senderJid, messageId], chatId, aboutChat(incoming, event))
      : [];
    const isNew = await messages.recordIncoming(toStored(instanceId, incoming, clock.now()), deliveries, { otherChatId, otherParty, journaled, epoch });
    if (isNew) metrics?.messageReceived();
    if (isNew && deliveries.length > 0) outlet.wake();
  };
}

function aboutChat({ chatId, otherChatId }: IncomingMessage, { chat }: MessageReceivedData): ChatFacts {
  const names = [chatId, otherChatId, chat.phone];
  return { chatType: chat.type, addresses: names.filter(name => typeof name === 'string'), fromMe: false };
}

function toStored(instanceId: string, incoming: IncomingMessage, now: number): StoredMessage {
  const { messageId, chatId, senderJid, type, proto, timestamp } = incoming;
  return {
    instanceId, messageId, direction: 'in', chatId, party: senderJid, type, state: null, correlationId: null, proto, attempts: 0,
    timestamp, createdAt: now, ...NOTHING_YET,
  };
}
