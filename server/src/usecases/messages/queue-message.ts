import { DomainError } from '../../domain/errors.js';
import { makeMessageId, MESSAGE_ID_BYTES } from '../../domain/messages/message-id.js';
import { DEFAULT_EXPIRY_MS, IDEMPOTENCY_WINDOW_MS, NOTHING_YET, type Idempotency, type StoredMessage } from '../../domain/messages/message.js';
import { parseRecipient } from '../../domain/messages/recipient.js';
import type { Clock, Random } from '../../ports/clock.js';
import type { KeyedLock } from '../../ports/keyed-lock.js';
import type { MediaFetcher } from '../../ports/media-fetcher.js';
import type { MediaStash } from '../../ports/media-stash.js';
import type { MessageStore } from '../../ports/message-store.js';
import type { Metrics } from '../../ports/metrics.js';
import type { SendQueue } from '../../ports/send-queue.js';
import type { GatewayUseCases, QueueOptions, SendAnswer, SendRequest } from '../gateway.js';
import type { InstanceLookup } from '../instances/find-instance.js';
import type { SessionManager } from '../sessions/session-manager.js';
import { readQuoted, toMention } from './prepare-message.js';
import { viewQueued, type createRepeatSend } from './repeat-send.js';
import { hashRequest } from './request-hash.js';
import { stashMedia } from './stashed-media.js';
import { storingFailed } from './stored-in-doubt.js';

const YEAR_MS = 366 * 24 * 3_600_000;

export interface QueueMessageParts {
  find: InstanceLookup;
  sessions: Pick<SessionManager, 'find'>;
  messages: MessageStore;
  media: MediaFetcher;
  stash: MediaStash;
  repeat: ReturnType<typeof createRepeatSend>;
  keys: KeyedLock;
  queue: Pick<SendQueue, 'announce'>;
  clock: Clock;
  random: Random;
  metrics?: Pick<Metrics, 'sendsQueued'>;
}

/** A message that was found good and is about to be stored, or one that was stored before. */
export type StoreAccepted = () => Promise<SendAnswer>;

/**
 * Accepts a message for later: checks all that can be known without WhatsApp, and answers when it is on disk. The instance need not be
 * connected. Checking and storing are two steps, so that many messages can be checked one by one and stored in one commit, in order.
 */
export function createQueueMessage(parts: QueueMessageParts) {
  const { find, sessions, messages, keys, queue, random } = parts;

  async function requireInstance(instanceId: string): Promise<void> {
    // What is deleted has no socket.
    if (!sessions.find(instanceId)?.socket) await find(instanceId);
  }

  async function accept(instanceId: string, request: SendRequest, options: QueueOptions): Promise<StoreAccepted> {
    const idempotency = await bind(request, options);
    const first = idempotency && await messages.findByKey(instanceId, idempotency.key, parts.clock.now() - IDEMPOTENCY_WINDOW_MS);
    // Before any check: what was good the first time may have expired by now, and was accepted all the same.
    if (first) return () => parts.repeat(first, idempotency.requestHash);
    const times = checkTimes(options, parts.clock.now());
    await checkRequest(parts, instanceId, request);
    const messageId = makeMessageId(random.bytes(MESSAGE_ID_BYTES));
    const text = await stashMedia(parts, instanceId, messageId, request);
    return () => store(toRow({ instanceId, messageId, correlationId: random.uuid(), request, text, idempotency, ...times }));
  }

  async function bind(request: SendRequest, { idempotencyKey, scheduledAt, expiresAt }: QueueOptions): Promise<Idempotency | null> {
    return idempotencyKey === undefined ? null : { key: idempotencyKey, requestHash: await hashRequest(request, parts.media, { scheduledAt, expiresAt }) };
  }

  async function store(message: StoredMessage): Promise<SendAnswer> {
    const { instanceId, messageId, dueAt, idempotency } = message;
    const first = await messages.insertOutgoing(message, { keysSince: message.createdAt - IDEMPOTENCY_WINDOW_MS })
      .catch((error: unknown) => { throw storingFailed(error, message); });
    if (first && idempotency) {
      await parts.stash.remove(instanceId, messageId);
      return parts.repeat(first, idempotency.requestHash);
    }
    parts.metrics?.sendsQueued(1);
    void queue.announce(instanceId, [{ messageId, dueAt: dueAt ?? message.createdAt }]);
    return { kind: 'queued', ...viewQueued(message) };
  }

  const queueMessage: GatewayUseCases['queueMessage'] = async (instanceId, request, options = {}) => {
    await requireInstance(instanceId);
    const run = async () => (await accept(instanceId, request, options))();
    return options.idempotencyKey === undefined ? run() : keys.run([`${instanceId}/${options.idempotencyKey}`], run);
  };

  return { queueMessage, accept, requireInstance };
}

/** @throws DomainError `validation_failed` */
function checkTimes({ scheduledAt, expiresAt }: QueueOptions, now: number): { now: number; dueAt: number; expiresAt: number } {
  if (scheduledAt !== undefined && scheduledAt > now + YEAR_MS) {
    throw new DomainError('validation_failed', 'scheduledAt is more than a year away.', { field: 'scheduledAt' });
  }
  // What was due in the past is due now, and takes its place behind what waits already.
  const dueAt = Math.max(now, scheduledAt ?? now);
  if (expiresAt !== undefined && expiresAt <= dueAt) {
    throw new DomainError('validation_failed', 'expiresAt is over before the message could go out.', { field: 'expiresAt', hint: 'Give a time after scheduledAt, and in the future.' });
  }
  return { now, dueAt, expiresAt: expiresAt ?? dueAt + DEFAULT_EXPIRY_MS };
}

/** @throws DomainError `recipient_invalid`, `quoted_message_not_found`, `address_not_allowed` */
async function checkRequest({ messages, media }: QueueMessageParts, instanceId: string, request: SendRequest): Promise<void> {
  parseRecipient(request.to);
  if (request.type === 'text') (request.mentions ?? []).forEach(toMention);
  if ('source' in request && request.source.kind === 'url') media.checkUrl(request.source.url);
  if (request.quotedMessageId !== undefined) await readQuoted(messages, instanceId, request.quotedMessageId);
}

interface RowFacts { instanceId: string; messageId: string; correlationId: string; request: SendRequest; text: string; idempotency: Idempotency | null; now: number; dueAt: number; expiresAt: number }

function toRow({ instanceId, messageId, correlationId, request, text, idempotency, now, dueAt, expiresAt }: RowFacts): StoredMessage {
  return {
    instanceId, messageId, correlationId, direction: 'out', type: request.type, state: 'queued',
    // Until WhatsApp was asked, all that is known of the chat is what the caller wrote.
    party: request.to, chatId: provisionalChat(request.to), proto: null, attempts: 0, timestamp: now, createdAt: now,
    ...NOTHING_YET, dueAt, expiresAt, request: text, idempotency,
  };
}

function provisionalChat(to: string): string {
  const recipient = parseRecipient(to);
  return recipient.kind === 'jid' ? recipient.jid : `${recipient.digits}@s.whatsapp.net`;
}
