/** How far an outgoing message has come. `failed` and `cancelled` are ends of their own. */
export const MESSAGE_STATES = ['queued', 'sending', 'sent', 'delivered', 'read', 'played', 'failed', 'cancelled'] as const;
export type MessageState = (typeof MESSAGE_STATES)[number];

/** What a webhook or trigger may wait for. */
export const ACK_STATUSES = ['sent', 'delivered', 'read', 'played', 'failed'] as const;
export type AckStatus = (typeof ACK_STATUSES)[number];

export interface MessageFailure {
  code: string;
  message: string;
}

/** A message as it is stored, of either direction. Times are epoch milliseconds. */
export interface StoredMessage {
  instanceId: string;
  messageId: string;
  direction: 'in' | 'out';
  /** Canonical JID of the chat: the LID where it is known, else the phone-number JID, or the group. */
  chatId: string;
  /** What the caller gave as `to` (outgoing), or the sender's JID (incoming). */
  party: string;
  type: string;
  /** null for incoming messages. */
  state: MessageState | null;
  correlationId: string | null;
  /** The encoded WAMessage protobuf (`WebMessageInfo`): answers retry receipts, media downloads, quotes. */
  proto: Uint8Array | null;
  attempts: number;
  failure: MessageFailure | null;
  /** WhatsApp's own time of the message. */
  timestamp: number;
  createdAt: number;
  sentAt: number | null;
  deliveredAt: number | null;
  readAt: number | null;
  playedAt: number | null;
  failedAt: number | null;
  /** When it is due to go out, and its place in the queue; null unless it was accepted to be sent asynchronously. */
  dueAt: number | null;
  /** What has no acknowledgement by then fails. null for incoming messages. */
  expiresAt: number | null;
  /** What is to be sent (`QueuedContent` as JSON) while `proto` does not hold it yet. */
  request: string | null;
  /** How often it was taken out of the dead letters. */
  retries: number;
  /** When it was thrown out of the dead letters. */
  discardedAt: number | null;
  idempotency: Idempotency | null;
}

/** What a message that nothing has happened to yet says of its end. */
export const NOTHING_YET = {
  failure: null, sentAt: null, deliveredAt: null, readAt: null, playedAt: null, failedAt: null,
  dueAt: null, expiresAt: null, request: null, retries: 0, discardedAt: null, idempotency: null,
} satisfies Partial<StoredMessage>;

/** Binds a caller's key to a message, so that a repeat finds it instead of sending again. */
export interface Idempotency {
  key: string;
  /** SHA-256 of what was asked for, hex. */
  requestHash: string;
}

/** How long a key binds a repeat to its message. */
export const IDEMPOTENCY_WINDOW_MS = 24 * 3_600_000;

/** What has not gone out that long after it was due fails, unless the caller said otherwise (requirement R3). */
export const DEFAULT_EXPIRY_MS = 24 * 3_600_000;

/** The id of a message's entry in the send queue: the same in every queue, so that an entry is never there twice. */
export function queueIdOf(messageId: string): string {
  return `q_${messageId}`;
}

const RANK: Record<MessageState, number> = {
  queued: 0, sending: 1, sent: 2, delivered: 3, read: 4, played: 5, failed: 6, cancelled: 6,
};

/** Position of a state on the way from queued to its end; states never go back. */
export function stateRank(state: MessageState): number {
  return RANK[state];
}

/**
 * Whether a message in `from` may move to `to`. Forward only; a message that WhatsApp acknowledged
 * can no longer fail or be cancelled, and an end is an end, except that a late acknowledgement
 * corrects a failure: what reached the recipient was not a failure.
 */
export function mayAdvance(from: MessageState, to: MessageState): boolean {
  if (from === 'cancelled') return false;
  if (from === 'failed') return RANK[to] >= RANK.sent && to !== 'failed' && to !== 'cancelled';
  if (to === 'failed' || to === 'cancelled') return RANK[from] < RANK.sent;
  return RANK[to] > RANK[from];
}

/** The states from which `to` may be reached; for a guarded UPDATE. */
export function statesBefore(to: MessageState): MessageState[] {
  return MESSAGE_STATES.filter(from => mayAdvance(from, to));
}
