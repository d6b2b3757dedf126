import { NOTHING_YET, type StoredMessage } from '../../domain/messages/message.js';
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
 * Stores an incoming message and what it sets off, in one commit. A message that is there already, redelivered or replayed, changes
 * nothing and makes no second event.
 */
export function createReceiveMessage({ messages, outlet, clock }: ReceiveMessageParts) {
  return async (instanceId: string, incoming: IncomingMessage): Promise<void> => {
    const { messageId, chatId, event } = incoming;
    const deliveries = event
      ? await outlet.prepare(instanceId, { type: 'message.received', data: event }, [chatId, incoming.senderJid, messageId], chatId)
      : [];
    const isNew = await messages.recordIncoming(toStored(instanceId, incoming, clock.now()), deliveries);
    if (isNew && deliveries.length > 0) outlet.wake();
  };
}

function toStored(instanceId: string, incoming: IncomingMessage, now: number): StoredMessage {
  const { messageId, chatId, senderJid, type, proto, timestamp } = incoming;
  return {
    instanceId, messageId, direction: 'in', chatId, party: senderJid, type, state: null, correlationId: null, proto, attempts: 0,
    timestamp, createdAt: now, ...NOTHING_YET,
  };
}
