import type { Tenure } from '../domain/instances/tenure.js';
import type { MessageFailure, MessageState, StoredMessage } from '../domain/messages/message.js';
import type { Delivery, DeliveryState, NewDelivery } from '../domain/webhooks/webhook.js';

/**
 * Messages and the deliveries they cause: the path that every message takes. A call that takes
 * deliveries writes them in the same transaction as the message, and everything a call wrote survives a power cut
 * when its promise resolves. A write that bears an epoch which is not the instance's latest is refused with the DomainError `instance_unowned`.
 */
export interface MessageStore {
  /**
   * Stores an outgoing message that does not exist yet. Where its idempotency key is bound to another message that was made after
   * `keysSince` (epoch milliseconds), nothing is written and that message is answered; an older binding is given up.
   * @param options.patient another write is sure to follow in some milliseconds, and may share its flush
   * @param options.epoch the owner's, of a message that it is about to send
   */
  insertOutgoing(message: StoredMessage, options?: { keysSince?: number; patient?: boolean; epoch?: number }): Promise<StoredMessage | null>;
  /** The message that holds the key, made after `since` (epoch milliseconds). */
  findByKey(instanceId: string, key: string, since: number): Promise<StoredMessage | null>;
  /**
   * Stores an incoming message and its deliveries unless (instance, chat, direction, message id) is there already: then nothing
   * is written, not even over a stub. Answers whether it was new. Either way, its rows of the journal are done with it.
   */
  recordIncoming(message: StoredMessage, deliveries: NewDelivery[], origin?: MessageOrigin): Promise<boolean>;
  /**
   * Moves an outgoing message forward (`mayAdvance`) and writes its deliveries. Answers false, and writes nothing, when
   * the message is not there or the step would not go forward.
   * @param patient nobody waits for it: it may share the flush of a write that follows within milliseconds
   */
  advance(step: MessageStep, deliveries: NewDelivery[], patient?: boolean): Promise<boolean>;
  /** By id within an instance; the outgoing one where both directions have it. */
  find(instanceId: string, messageId: string): Promise<StoredMessage | null>;
  /** In the order of arrival, newest first, page by page; what comes in meanwhile moves nothing. */
  list(instanceId: string, query: MessageQuery): Promise<MessagePage>;
  /** Counts another attempt at sending. False, and nothing is written, when the message is not in `sending` any more. */
  markAttempt(tenure: Tenure, messageId: string, attempts: number): Promise<boolean>;
  /** Outgoing messages in `sending` that no queue takes care of, oldest first: written to WhatsApp, or about to be, without an acknowledgement. */
  listUnacknowledged(instanceId: string): Promise<StoredMessage[]>;
  /**
   * Removes messages that were made, and due, before `before` (epoch milliseconds) and are not on their way, dead letters too; `limit` at
   * most, the oldest first. Answers how many; 0 when there are no more.
   */
  prune(before: number, limit: number): Promise<number>;
  /** Removes messages of an instance for good, and the media that waits for them; answers how many, as `prune` does. */
  deleteAll(instanceId: string, limit: number): Promise<number>;
  /** Every outgoing message that has not come to an end or an acknowledgement (`queued`, `sending`): first those in `sending`, each oldest first. */
  listUnfinished(instanceId: string, limit: number): Promise<StoredMessage[]>;
}

/** Where an incoming message comes from. */
export interface MessageOrigin {
  /** The chat's other name (phone number or LID): a message that is there under it is there already. */
  otherChatId?: string | null;
  /** The same of its sender (`party`): in a group a message is known by its sender, too. */
  otherParty?: string | null;
  /** Hashes of the journal entries that it was read from (`ReceiveJournal`). */
  journaled?: string[];
  /** The owner's, where it came over a connection. */
  epoch?: number;
}

/** The messages table as the queue of what is to be sent asynchronously (outbox). The order is by (dueAt, order of acceptance). */
export interface Outbox {
  /** The first messages of the queue in its order, due or not; what is `sending` already keeps its place. */
  next(instanceId: string, limit: number): Promise<StoredMessage[]>;
  /**
   * Takes a message into `sending`, with what goes over the wire; a message in `sending` may be taken again. False, and nothing is
   * written, when it is in neither state any more (cancelled, ended). The ciphertext's own write is sure to follow, and may share its flush.
   */
  begin(step: BeginStep): Promise<boolean>;
  /** Puts a message that was not acknowledged back to its place in the queue. It keeps `attempts` and `proto`. */
  putBack(tenure: Tenure, messageId: string, attempts: number): Promise<void>;
  /** `queued` to `cancelled`. False when it is not queued any more. */
  cancel(instanceId: string, messageId: string): Promise<boolean>;
  /** Queues a dead letter again, with fresh attempts. False when it is no dead letter. */
  requeue(instanceId: string, messageId: string, at: { dueAt: number; expiresAt: number }): Promise<boolean>;
  /** Takes a dead letter off the list; its message stays. False when it is no dead letter. */
  discard(instanceId: string, messageId: string, at: number): Promise<boolean>;
  /** Failed messages that were not discarded, newest first. */
  deadLetters(instanceId: string, query: { limit: number; cursor?: number }): Promise<MessagePage>;
  /** Unfinished outgoing messages whose time is over, of all instances that this process owns. */
  expired(now: number, limit: number): Promise<StoredMessage[]>;
  /** Queued messages due by `by`, in order, for those who keep a queue of their own. */
  queued(instanceId: string, query: { by: number; limit: number }): Promise<QueueEntry[]>;
  /** Instances that have something in the queue, of those that this process owns. */
  instancesWithQueue(): Promise<string[]>;
  counts(instanceId: string): Promise<QueueCounts>;
}

export interface BeginStep {
  instanceId: string;
  messageId: string;
  /** The recipient's JID, and the chat it is filed under. */
  party: string;
  chatId: string;
  proto: Uint8Array;
  timestamp: number;
  /** Number of this attempt, from 1. */
  attempts: number;
  /** The owner's. */
  epoch: number;
}

/** A message in the send queue. */
export interface QueueEntry { messageId: string; dueAt: number }

export interface QueueCounts { queued: number; sending: number; deadLetters: number }

export interface MessageStep {
  instanceId: string;
  messageId: string;
  to: MessageState;
  at: number;
  failure?: MessageFailure;
  /** The owner's, where its word is only good while it owns the instance. */
  epoch?: number;
}

export interface MessageQuery {
  limit: number;
  /** `next` of the page before; the first page without it. */
  cursor?: number;
  direction?: 'in' | 'out';
  chatId?: string;
}

export interface MessagePage {
  messages: StoredMessage[];
  /** Cursor of the next page: a whole number above 0; null at the end. */
  next: number | null;
}

/**
 * Deliveries: a durable row each, taken by the dispatcher. Rows of a lane keep the order in which they were inserted,
 * across restarts too. Wherever deliveries are inserted, one whose webhook no longer exists is left out silently: a
 * webhook removed at that moment must not undo what caused its delivery.
 */
export interface DeliveryStore {
  /** For events that no message causes (instance status). Existing (webhook, event) pairs are left alone. */
  insert(deliveries: NewDelivery[]): Promise<void>;
  /**
   * Pending deliveries of enabled webhooks that are due, at most one per (webhook, lane): the oldest of its lane. A lane
   * whose oldest is not due yet waits, so that order is kept. Only those of instances that this process owns.
   */
  due(now: number, query: DueQuery): Promise<Delivery[]>;
  /**
   * The earliest `nextAttemptAt` later than `after` among pending deliveries (epoch milliseconds); null when there is
   * none, of the same instances. Together with `due(after)` nothing is missed: what is due by then is there, what comes later is here.
   */
  nextDueAt(after: number): Promise<number | null>;
  /**
   * Notes what came of a delivery that is pending; one that came to its end stays as it is. Where this was its end, answers the oldest
   * pending one of its lane, due or not; null when there is none.
   */
  settle(deliveryId: string, outcome: DeliveryOutcome): Promise<Delivery | null>;
  /** Pending deliveries of a webhook that wait for a later time are due at `now` instead (epoch milliseconds); their attempts stay. */
  bringForward(webhookId: string, now: number): Promise<void>;
  /** Newest first, page by page; what comes in meanwhile moves nothing. */
  list(webhookId: string, query: DeliveryQuery): Promise<DeliveryPage>;
  find(webhookId: string, deliveryId: string): Promise<Delivery | null>;
  /**
   * Makes deliveries that came to their end pending again, as if they were new, at their old places and due at `now`; oldest
   * first, `limit` at a time.
   */
  replay(webhookId: string, query: ReplayQuery, now: number): Promise<ReplayedPage>;
  /** The same for one, whatever became of it; null when there is none. */
  replayOne(webhookId: string, deliveryId: string, now: number): Promise<Delivery | null>;
  /**
   * Removes deliveries that came to their end and were made before that time (epoch milliseconds), dead ones only when they died
   * before it as well; up to `limit`. Answers how many.
   */
  prune(before: number, limit: number): Promise<number>;
  /** Removes up to that many of an instance's deliveries, whatever their state. Answers how many. */
  deleteAll(instanceId: string, limit: number): Promise<number>;
  /** The same for one webhook. */
  deleteOfWebhook(webhookId: string, limit: number): Promise<number>;
}

/** Times are epoch milliseconds and mean when the delivery was made. */
export interface DeliveryRange {
  /** At that time or later. */
  from?: number;
  /** Before that time. */
  to?: number;
}

export interface DeliveryQuery extends DeliveryRange {
  limit: number;
  state?: DeliveryState;
  /** `next` of the page before; the first page without it. */
  cursor?: DeliveryCursor;
}

export interface ReplayQuery extends DeliveryRange {
  limit: number;
  state: Exclude<DeliveryState, 'pending'>;
  cursor?: DeliveryCursor;
}

/** The place of a delivery among those of its webhook: time, then order of arrival. */
export interface DeliveryCursor { createdAt: number; seq: number }

export interface DeliveryPage {
  deliveries: Delivery[];
  /** null at the end. */
  next: DeliveryCursor | null;
}

export interface ReplayedPage {
  replayed: number;
  next: DeliveryCursor | null;
}

/** How `due` shares its places, so that a receiver with thousands of waiting lanes never hides another. */
export interface DueQuery {
  /** Rows altogether. The first of every webhook comes before the second of any, and so on. */
  limit: number;
  /** Rows of one webhook, those that became due first. */
  perWebhook: number;
  /** Webhooks to leave out. */
  exclude: string[];
}

/** What one attempt came to; `pending` is to be tried again. */
export interface DeliveryOutcome {
  state: DeliveryState;
  attempts: number;
  at: number;
  nextAttemptAt?: number;
  lastStatus?: number | null;
  lastError?: string | null;
}
