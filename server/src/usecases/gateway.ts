import type { Backup } from '../domain/instances/backup.js';
import type { Instance, InstanceSettings } from '../domain/instances/instance.js';
import type { MediaFile, MediaKind, MediaStream } from '../domain/messages/content.js';
import type { MessageState, StoredMessage } from '../domain/messages/message.js';
import type { Delivery, Webhook, WebhookFilter } from '../domain/webhooks/webhook.js';
import type { EventType } from '../domain/events/event.js';
import type { DomainError } from '../domain/errors.js';
import type { ConnectionHistoryPage } from '../ports/connection-history.js';
import type { DeliveryPage, DeliveryQuery, DeliveryRange, MessagePage, QueueCounts, ReplayQuery } from '../ports/message-store.js';
import type { Exposition } from '../ports/metrics.js';
import type { LiveStatus } from '../ports/status-board.js';
import type { AccessUseCases } from './access/access-use-cases.js';
import type { EncryptionUseCases } from './encryption/encryption-use-cases.js';
import type { HealthOfParts } from './observe/health-of-parts.js';
import type { BreakerState, BreakerStatus } from './webhooks/receiver-breaker.js';

/** An instance's row merged with its live state; live state wins (requirement P2). */
export type InstanceView = Instance & {
  live: LiveStatus | null;
  /** When what `status` and `reason` say was noted, or confirmed, last (epoch milliseconds). */
  statusAt: number;
};

export interface ConnectResult {
  status: Instance['status'];
  reason: Instance['reason'];
  hasQR: boolean;
  qr: { text: string; expiresAt: number } | null;
}

export const CLEAN_UP_STEPS = ['socket', 'timers', 'qr', 'caches', 'queue_consumer', 'half_made_credentials', 'credentials'] as const;
export type CleanUpStepName = (typeof CLEAN_UP_STEPS)[number];
export const CLEAN_UP_OUTCOMES = ['released', 'nothing', 'failed'] as const;

/** One step of a forced clean-up. */
export interface CleanUpStep {
  step: CleanUpStepName;
  /** `nothing`: there was nothing to release. */
  outcome: (typeof CLEAN_UP_OUTCOMES)[number];
  /** A sentence for people. */
  message?: string;
}

/** A session that the gateway holds. Times are epoch milliseconds. */
export interface SessionSummary {
  instanceId: string;
  name: string;
  status: Instance['status'];
  reason: Instance['reason'];
  /** Since when it is in its status. */
  since: number;
  /** Since when a pairing is open; null when none is. */
  pendingSince: number | null;
  phoneNumber: string | null;
  lastSeen: number | null;
}

/** How a send is meant; the same for every kind of content. Times are epoch milliseconds. */
export interface SendOptions { idempotencyKey?: string | undefined }
/** What a node has decided on before it passes a send on to another: nothing that callers of the gateway could say. */
export interface PassedSendOptions extends SendOptions {
  messageId?: string | undefined;
  /** Of the request as it came, which media that was handed over does not show any more. */
  requestHash?: string | undefined;
}
export interface QueueOptions extends SendOptions { scheduledAt?: number | undefined; expiresAt?: number | undefined }

/** What a send came to: acknowledged by WhatsApp, or on disk and on its way. A repeat under an idempotency key gets what the first one got. */
export type SendAnswer = ({ kind: 'sent' } & SentMessage) | ({ kind: 'queued' } & QueuedMessage);

export interface QueuedMessage {
  messageId: string;
  correlationId: string;
  queueId: string;
  /** `queued`, unless this is a repeat of a message that has come further. */
  state: MessageState;
  /** When it is due, if that was asked for. */
  scheduledAt: number | null;
  expiresAt: number | null;
}

/** One of many: accepted, or refused without harm to the others. */
export type BulkAnswer = { kind: 'queued' } & QueuedMessage | { kind: 'refused'; error: DomainError };
export interface BulkItem { request: SendRequest; options: QueueOptions }

export interface SentMessage {
  messageId: string;
  correlationId: string;
  /** Where WhatsApp delivered it to: the JID that was looked up. */
  to: string;
  /** Epoch milliseconds, WhatsApp's acknowledgement. */
  timestamp: number;
}

interface SendBase { to: string; quotedMessageId?: string | undefined }
/** Where media bytes come from. A `file` was made by the caller, who also removes it after the call. */
export type MediaSource =
  | { kind: 'url'; url: string }
  | { kind: 'base64'; base64: string }
  | { kind: 'file'; file: MediaFile };
export type SendRequest = SendBase & (
  | { type: 'text'; text: string; mentions?: string[] | undefined }
  | { type: MediaKind; source: MediaSource; mimetype?: string | undefined; fileName?: string | undefined; caption?: string | undefined; voice?: boolean | undefined }
  | { type: 'location'; latitude: number; longitude: number; name?: string | undefined; address?: string | undefined }
);

/** What somebody may wait for. */
export type AwaitedStatus = 'sent' | 'delivered' | 'read';

export interface GatewayHealth {
  activeSessions: number;
  pendingCount: number;
  /** The worst of all circuit breakers. */
  circuitBreaker: BreakerState;
}

/** Only a gateway that is `ready` takes work. */
export type GatewayPhase = 'starting' | 'ready' | 'stopping';

/**
 * Everything the gateway can do, as the HTTP layer sees it: one verb, one use case. All of them throw DomainError
 * and nothing else on purpose; an instance that does not exist, or is deleted, is `instance_not_found`.
 */
export interface GatewayUseCases extends AccessUseCases, EncryptionUseCases {
  createInstance(input: { instanceId: string; name?: string | undefined; settings?: Partial<InstanceSettings> | undefined }): Promise<InstanceView>;
  /** @param options.only of these, null for all */
  listInstances(options: { includeDeleted: boolean; only?: readonly string[] | null | undefined }): Promise<InstanceView[]>;
  getInstance(instanceId: string): Promise<InstanceView>;
  updateInstance(instanceId: string, patch: { name?: string | undefined; settings?: Partial<InstanceSettings> | undefined }): Promise<InstanceView>;
  /** Soft delete: disconnects, keeps the session. */
  deleteInstance(instanceId: string): Promise<InstanceView>;
  /** Deletes for good, a softly deleted one too: unlinks the device where it is connected, and leaves nothing. */
  purgeInstance(instanceId: string): Promise<void>;
  restoreInstance(instanceId: string): Promise<InstanceView>;
  /** Changes of its status and reason, latest first; of a deleted instance, too. */
  listConnectionHistory(instanceId: string, query: { limit: number; cursor?: number | undefined }): Promise<ConnectionHistoryPage>;

  /** @throws `no_session` */
  createBackup(instanceId: string): Promise<Backup>;
  /** Latest first. */
  listBackups(instanceId: string): Promise<Backup[]>;
  /** @throws `backup_not_found` */
  deleteBackup(instanceId: string, backupId: string): Promise<void>;
  /** Brings the identity back, and nothing of the chats' sessions; does not connect. @throws `backup_not_found`, `backup_not_restorable` */
  restoreBackup(instanceId: string, backupId: string): Promise<InstanceView>;

  /** Answers within 5 s: as soon as there is a QR, a connection, or a reason why there is neither. */
  connectInstance(instanceId: string): Promise<ConnectResult>;
  restartInstance(instanceId: string): Promise<ConnectResult>;
  disconnectInstance(instanceId: string): Promise<InstanceView>;
  /** Unlinks the device at WhatsApp where it can be reached, and deletes the session in any case. */
  logoutInstance(instanceId: string): Promise<InstanceView>;
  /**
   * Releases everything of the instance's connection, whatever it hangs in; answers each step. Good credentials stay unless they are to be wiped, queued
   * messages in any case. The instance is not active afterwards.
   */
  forceCleanUp(instanceId: string, options?: { wipeCredentials?: boolean | undefined }): Promise<CleanUpStep[]>;
  /** By instance, on whichever node; `wanted`: only of these instances. */
  listSessions(options?: { wanted?: readonly string[] | undefined }): Promise<SessionSummary[]>;
  /**
   * `pending`: gives up every pairing that nobody has finished yet. `inactive`: releases what is kept in memory of instances without a connection.
   * On all nodes; answers of which instances, and how many nodes did not answer.
   */
  cleanUpSessions(kind: 'pending' | 'inactive', options?: { wanted?: readonly string[] | undefined }): Promise<{ instanceIds: string[]; unansweredNodes: number }>;
  /** @throws `qr_not_available` with the reason as a sentence */
  getQr(instanceId: string): Promise<{ text: string; expiresAt: number }>;
  /** @throws `already_connected`, `pairing_failed`, `recipient_invalid` */
  requestPairingCode(instanceId: string, phoneNumber: string): Promise<{ code: string; expiresAt: number }>;

  /** Resolves after WhatsApp's acknowledgement. */
  sendMessage(instanceId: string, request: SendRequest, options?: PassedSendOptions): Promise<SendAnswer>;
  /** Resolves when the message is on disk; it goes out when it is due and the instance is connected. */
  queueMessage(instanceId: string, request: SendRequest, options?: QueueOptions): Promise<SendAnswer>;
  /** One answer per item, in order. */
  queueMessages(instanceId: string, items: (BulkItem | DomainError)[]): Promise<BulkAnswer[]>;
  /** @throws `message_not_cancellable` when it has gone out, or may have */
  cancelMessage(instanceId: string, messageId: string): Promise<StoredMessage>;
  /** The message as soon as it has come as far as `status`, or to an end, or after `timeoutMs` as it is then. */
  awaitMessage(instanceId: string, messageId: string, status: AwaitedStatus, timeoutMs: number): Promise<StoredMessage>;
  listDeadLetters(instanceId: string, query: { limit: number; cursor?: number | undefined }): Promise<MessagePage>;
  /** @throws `not_a_dead_letter` */
  retryDeadLetter(instanceId: string, messageId: string): Promise<QueuedMessage>;
  /** @throws `not_a_dead_letter` */
  discardDeadLetter(instanceId: string, messageId: string): Promise<void>;
  /** What waits in the queue of an instance. */
  queueCounts(instanceId: string): Promise<QueueCounts>;
  getMessage(instanceId: string, messageId: string): Promise<StoredMessage>;
  listMessages(instanceId: string, query: { limit: number; cursor?: number | undefined; direction?: 'in' | 'out' | undefined; chatId?: string | undefined }): Promise<MessagePage>;
  getMessageMedia(instanceId: string, messageId: string): Promise<MediaStream>;

  /** The answer holds the secret; later reads do not show it. Without a secret one is made. */
  createWebhook(instanceId: string, input: WebhookInput): Promise<WebhookView>;
  listWebhooks(instanceId: string): Promise<WebhookView[]>;
  getWebhook(instanceId: string, webhookId: string): Promise<WebhookView>;
  updateWebhook(instanceId: string, webhookId: string, patch: Partial<WebhookInput> & { enabled?: boolean | undefined }): Promise<WebhookView>;
  deleteWebhook(instanceId: string, webhookId: string): Promise<void>;
  /** The answer holds the new secret; later reads do not show it. Without a secret one is made. */
  rotateSecret(instanceId: string, webhookId: string, input: { secret?: string | undefined; overlapMs?: number | undefined }): Promise<WebhookView>;
  listDeliveries(instanceId: string, webhookId: string, query: DeliveryQuery): Promise<DeliveryPage>;
  replayDelivery(instanceId: string, webhookId: string, deliveryId: string): Promise<Delivery>;
  /** Those of a range of time (epoch milliseconds) that are in that state; dead ones unless told otherwise. */
  replayDeliveries(instanceId: string, webhookId: string, range: DeliveryRange & { state?: ReplayQuery['state'] | undefined }): Promise<{ replayed: number }>;

  health(): Promise<GatewayHealth>;
  /** How each part of this node does. */
  healthOfParts(): Promise<HealthOfParts>;
  /** False when the store has not answered for seconds. */
  canReachStore(): Promise<boolean>;
  /** What this node counts, for whoever collects it. */
  metrics(): Promise<Exposition>;
  phase(): GatewayPhase;
}

/** A webhook, and how its receiver does. */
export type WebhookView = Webhook & { breaker: BreakerStatus };

export interface WebhookInput {
  url: string;
  events: EventType[];
  secret?: string | undefined;
  headers?: Record<string, string> | undefined;
  /** null for none. */
  filter?: WebhookFilter | null | undefined;
  minIntervalMs?: number | undefined;
}

/** States a caller may see for an outgoing message. */
export type { MessageState };
