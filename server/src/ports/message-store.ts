import type { MessageFailure, MessageState, StoredMessage } from '../domain/messages/message.js';
import type { Delivery, DeliveryState, NewDelivery } from '../domain/webhooks/webhook.js';

/**
 * Messages and the deliveries they cause: the path that every message takes. A call that takes
 * deliveries writes them in the same transaction as the message, and everything a call wrote survives a power cut
 * when its promise resolves.
 */
export interface MessageStore {
  /** Stores an outgoing message that does not exist yet. */
  insertOutgoing(message: StoredMessage): Promise<void>;
  /**
   * Stores an incoming message and its deliveries unless (instance, chat, direction, message id) is there already: then nothing
   * is written, not even over a stub. Answers whether it was new.
   */
  recordIncoming(message: StoredMessage, deliveries: NewDelivery[]): Promise<boolean>;
  /**
   * Moves an outgoing message forward (`mayAdvance`) and writes its deliveries. Answers false, and writes nothing, when
   * the message is not there or the step would not go forward.
   */
  advance(step: MessageStep, deliveries: NewDelivery[]): Promise<boolean>;
  /** By id within an instance; the outgoing one where both directions have it. */
  find(instanceId: string, messageId: string): Promise<StoredMessage | null>;
  /** Newest first. */
  list(instanceId: string, query: MessageQuery): Promise<StoredMessage[]>;
  /** Outgoing messages in `sending`, oldest first: written to WhatsApp, or about to be, without an acknowledgement. */
  listUnacknowledged(instanceId: string): Promise<StoredMessage[]>;
}

export interface MessageStep {
  instanceId: string;
  messageId: string;
  to: MessageState;
  at: number;
  failure?: MessageFailure;
  /** Set when the step is a new attempt at sending. */
  attempts?: number;
}

export interface MessageQuery {
  limit: number;
  /** Only rows made before this time (epoch milliseconds). */
  before?: number;
  direction?: 'in' | 'out';
  chatId?: string;
}

/** Deliveries: a durable row each, taken by the dispatcher. */
export interface DeliveryStore {
  /** For events that no message causes (instance status). Existing (webhook, event) pairs are left alone. */
  insert(deliveries: NewDelivery[]): Promise<void>;
  /**
   * Pending deliveries that are due, at most one per (webhook, lane): the oldest of its lane. A lane whose oldest is not
   * due yet waits, so that order is kept.
   */
  due(now: number, limit: number): Promise<Delivery[]>;
  /** When the next pending delivery becomes due (epoch milliseconds); null when none is pending. */
  nextDueAt(): Promise<number | null>;
  settle(deliveryId: string, outcome: DeliveryOutcome): Promise<void>;
  /** Newest first. */
  list(webhookId: string, query: { limit: number; state?: DeliveryState }): Promise<Delivery[]>;
  find(webhookId: string, deliveryId: string): Promise<Delivery | null>;
}

/** What one attempt came to, or a replay (`pending`, attempts 0). */
export interface DeliveryOutcome {
  state: DeliveryState;
  attempts: number;
  at: number;
  nextAttemptAt?: number;
  lastStatus?: number | null;
  lastError?: string | null;
}
