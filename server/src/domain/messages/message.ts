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
