import { createHash } from 'node:crypto';
import type { InstanceStatus } from '../instances/instance.js';
import type { ReasonCode } from '../instances/reasons.js';
import type { AckStatus, MessageFailure } from '../messages/message.js';

export const EVENT_TYPES = ['message.received', 'message.ack', 'instance.status', 'instance.qr', 'instance.alert'] as const;
export type EventType = (typeof EVENT_TYPES)[number];

export interface EventChat { id: string; type: 'direct' | 'group'; phone?: string; name?: string }
export interface EventSender { id: string; phone?: string; lid?: string; name?: string }
export interface EventMedia { mimetype: string; fileName?: string; size?: number; sha256?: string; seconds?: number; voice?: boolean; url: string }
export interface EventLocation { latitude: number; longitude: number; name?: string; address?: string }

export interface MessageReceivedData {
  messageId: string;
  chat: EventChat;
  sender: EventSender;
  /** Always usable as `to`. */
  replyTo: string;
  /** ISO 8601. */
  timestamp: string;
  messageType: string;
  text?: string;
  caption?: string;
  media?: EventMedia;
  location?: EventLocation;
  contacts?: { name: string; vcard: string }[];
  poll?: { name: string; options: string[]; selectableCount: number };
  quoted?: { messageId: string; sender?: string; text?: string };
  mentions?: string[];
  isGroup: boolean;
}

export interface MessageAckData {
  messageId: string;
  correlationId?: string;
  to?: string;
  status: AckStatus;
  error?: MessageFailure;
}

export interface InstanceStatusData {
  status: InstanceStatus;
  reason: ReasonCode;
  message: string;
  phoneNumber?: string;
}

export interface InstanceQrData { qr: string; expiresAt: string }

export const INSTANCE_ALERTS = ['deaf', 'flapping'] as const;
export type InstanceAlert = (typeof INSTANCE_ALERTS)[number];

/** Something that the gateway handles by itself, and that somebody should look at. */
export interface InstanceAlertData {
  alert: InstanceAlert;
  message: string;
  /** ISO 8601: when the gateway connects again by itself, of a session that pauses. */
  retryAt?: string;
}

interface EventOf<T extends EventType, D> { type: T; data: D }

/** What happened, before it has an identity. */
export type EventFact =
  | EventOf<'message.received', MessageReceivedData>
  | EventOf<'message.ack', MessageAckData>
  | EventOf<'instance.status', InstanceStatusData>
  | EventOf<'instance.qr', InstanceQrData>
  | EventOf<'instance.alert', InstanceAlertData>;

/** The body of a webhook (design: Events). `id` is stable over retries and replays. */
export type GatewayEvent = EventFact & {
  id: string;
  /** ISO 8601. */
  timestamp: string;
  instanceId: string;
};

/**
 * Gives a fact its identity. The id is a digest of what makes the fact unique (`identity`), so that
 * the same fact found again after a crash is the same event to the receiver.
 * @param identity e.g. chat and message id; must be unique per instance and type
 * @param at epoch milliseconds
 */
export function makeEvent(instanceId: string, fact: EventFact, identity: string[], at: number): GatewayEvent {
  const digest = createHash('sha256').update(JSON.stringify([instanceId, fact.type, ...identity])).digest('base64url');
  return { id: `evt_${digest.slice(0, 27)}`, ...fact, timestamp: new Date(at).toISOString(), instanceId };
}
