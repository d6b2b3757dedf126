import { createHash, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createSystemRandom } from '@gateway/adapters/system/random.js';
import { DomainError } from '@gateway/domain/errors.js';
import type { Backup } from '@gateway/domain/instances/backup.js';
import { parseMasterKey } from '@gateway/domain/encryption/master-key.js';
import { DEFAULT_SETTINGS, type Instance } from '@gateway/domain/instances/instance.js';
import type { MediaFile } from '@gateway/domain/messages/content.js';
import type { StoredMessage } from '@gateway/domain/messages/message.js';
import type { Delivery } from '@gateway/domain/webhooks/webhook.js';
import { checkSecret, DEFAULT_OVERLAP_MS } from '@gateway/domain/webhooks/signing.js';
import type { NewAuditEntry } from '@gateway/ports/audit-log.js';
import type { Clock } from '@gateway/ports/clock.js';
import type { MediaFetcher } from '@gateway/ports/media-fetcher.js';
import {
  CLEAN_UP_STEPS, type ConnectResult, type GatewayPhase, type GatewayUseCases, type InstanceView, type QueueOptions, type SendOptions, type SendRequest, type WebhookView,
} from '@gateway/usecases/gateway.js';
import { createAccessUseCases } from '@gateway/usecases/access/access-use-cases.js';
import { hashKey } from '@gateway/usecases/access/secret-key.js';
import { createAuditor, type Auditor } from '@gateway/usecases/audit/auditor.js';
import { checkWebhook } from '@gateway/usecases/webhooks/input.js';
import { RECEIVER_GUARD } from '../guards.js';
import { CLOSED_BREAKER, worstOf, type BreakerStatus } from '@gateway/usecases/webhooks/receiver-breaker.js';
import { createInMemoryKeys } from './in-memory-keys.js';

export const KEY = 'test-key';

/** What a send brought to the use case, with the bytes of its media. */
export interface Sent { instanceId: string; request: SendRequest; file: MediaFile | null; sha256: string | null }

/** The same of an asynchronous one. */
export interface Queued { instanceId: string; request: SendRequest; options: QueueOptions; sha256: string | null }

/** Somebody waited for a message's state. */
export interface Wait { messageId: string; status: string; timeoutMs: number }

export interface InMemoryGateway {
  usecases: GatewayUseCases;
  auditor: Auditor;
  /** What was noted, in its order. */
  audited: NewAuditEntry[];
  sent: Sent[];
  /** Of each synchronous send. */
  sendOptions: SendOptions[];
  queued: Queued[];
  waits: Wait[];
  messages: StoredMessage[];
  deliveries: Delivery[];
  media: Map<string, { bytes: Buffer; mimetype: string; fileName: string | null }>;
  /** The next sends run into this. */
  failSends(error: Error | null): void;
  /** The same for the next look-ups of API keys. */
  failLookUpsOfKeys(error: Error | null): void;
  /** The next sends wait for this. */
  holdSends(until: Promise<void>): void;
  setPhase(phase: GatewayPhase): void;
  /** Whether the store answers. */
  setStoreThere(there: boolean): void;
  /** Shows a QR code, or takes it away. */
  showQr(instanceId: string, qr: { text: string; expiresAt: number } | null): void;
  setConnected(instanceId: string, phoneNumber: string): void;
  setBreaker(webhookId: string, breaker: BreakerStatus): void;
}

/**
 * The gateway's use cases in memory, without WhatsApp: for tests of the HTTP layer's own work (shapes, keys, problems,
 * forms, negotiation) and of nothing behind it. It keeps the contract of GatewayUseCases: what is missing throws.
 */
export function createInMemoryGateway({ clock, fetcher }: { clock: Clock; fetcher: MediaFetcher }): InMemoryGateway {
  const instances = new Map<string, InstanceView>();
  const webhooks = new Map<string, WebhookView>();
  const qrs = new Map<string, { text: string; expiresAt: number }>();
  const sent: Sent[] = [];
  const sendOptions: SendOptions[] = [];
  const queued: Queued[] = [];
  const waits: Wait[] = [];
  const messages: StoredMessage[] = [];
  const deliveries: Delivery[] = [];
  const backups: Backup[] = [];
  const media: InMemoryGateway['media'] = new Map();
  let failure: Error | null = null;
  let keyFailure: Error | null = null;
  let hold: Promise<void> = Promise.resolve();
  let phase: GatewayPhase = 'ready';
  let storeThere = true;

  const find = (instanceId: string): InstanceView => {
    const found = instances.get(instanceId);
    if (!found || found.deletedAt !== null) throw new DomainError('instance_not_found', `There is no instance "${instanceId}".`);
    return found;
  };
  const change = (view: InstanceView, patch: Partial<Instance>): InstanceView => {
    const next = { ...view, ...patch, updatedAt: clock.now() };
    instances.set(view.instanceId, next);
    return next;
  };
  const findBackup = (instanceId: string, backupId: string): void => {
    find(instanceId);
    if (!backups.some(({ id }) => id === backupId)) throw new DomainError('backup_not_found', `There is no backup "${backupId}".`);
  };
  const findWebhook = (instanceId: string, webhookId: string): WebhookView => {
    find(instanceId);
    const found = webhooks.get(webhookId);
    if (!found || found.instanceId !== instanceId) throw new DomainError('webhook_not_found', 'There is no such webhook.');
    return found;
  };
  const connect = (instanceId: string): ConnectResult => {
    const view = find(instanceId);
    const qr = qrs.get(instanceId) ?? null;
    return { status: view.status, reason: view.reason, hasQR: qr !== null, qr };
  };
  const fileOf = async (request: SendRequest): Promise<MediaFile | null> => {
    if (!('source' in request)) return null;
    const { source, mimetype, fileName } = request;
    if (source.kind === 'file') return source.file;
    return source.kind === 'url' ? fetcher.fromUrl(source.url, { mimetype, fileName }) : fetcher.fromBase64(source.base64, { mimetype, fileName });
  };

  const deadLetter = async (instanceId: string, messageId: string): Promise<StoredMessage> => {
    const message = await usecases.getMessage(instanceId, messageId);
    if (message.state === 'failed' && message.discardedAt === null) return message;
    throw new DomainError('not_a_dead_letter', `The message is ${message.state}.`);
  };

  const audited: NewAuditEntry[] = [];
  const auditor = createAuditor({ audit: { record: async entry => void audited.push(entry) }, clock, logger: { error: () => undefined, warn: () => undefined, info: () => undefined } });
  const keys = createInMemoryKeys();
  const access = createAccessUseCases({
    keys, clock, random: createSystemRandom(), hasConfiguredKey: true, onChanged: () => undefined, authenticate: async () => null,
    audit: { list: async ({ limit }) => ({ entries: audited.map((entry, seq) => ({ ...entry, seq })).reverse().slice(0, limit), next: null }) },
  });

  const usecases: GatewayUseCases = {
    ...access,
    async authenticate(key) {
      if (keyFailure) throw keyFailure;
      if (key === KEY) return { id: 'k1', name: 'test', scopes: ['admin'], instances: null };
      const stored = await keys.findByHash(hashKey(key));
      return stored?.revokedAt === null ? stored : null;
    },
    async createInstance({ instanceId, name, settings }) {
      if (instances.has(instanceId)) throw new DomainError('instance_exists', `The id "${instanceId}" is taken.`, { field: 'instanceId' });
      const now = clock.now();
      const view: InstanceView = {
        instanceId, name: name ?? instanceId, phoneNumber: null, lid: null, status: 'DISCONNECTED', reason: 'created', statusEpoch: null, qr: null, qrAt: null,
        connectedAt: null, lastSeen: null, active: false, settings: { ...DEFAULT_SETTINGS, ...settings }, createdAt: now, updatedAt: now, deletedAt: null, live: null, statusAt: now,
      };
      instances.set(instanceId, view);
      return view;
    },
    listInstances: async ({ includeDeleted, only = null }) => [...instances.values()].filter(view => (includeDeleted || view.deletedAt === null) && (only === null || only.includes(view.instanceId))),
    getInstance: async instanceId => find(instanceId),
    async updateInstance(instanceId, { name, settings }) {
      const view = find(instanceId);
      return change(view, { name: name ?? view.name, settings: { ...view.settings, ...settings } });
    },
    deleteInstance: async instanceId => change(find(instanceId), { deletedAt: clock.now() }),
    async purgeInstance(instanceId) {
      if (!instances.delete(instanceId)) throw new DomainError('instance_not_found', `There is no instance "${instanceId}".`);
    },
    async restoreInstance(instanceId) {
      const view = instances.get(instanceId);
      if (!view) throw new DomainError('instance_not_found', `There is no instance "${instanceId}".`);
      return change(view, { deletedAt: null });
    },
    async listConnectionHistory(instanceId, { limit, cursor = 3 }) {
      if (!instances.has(instanceId)) throw new DomainError('instance_not_found', `There is no instance "${instanceId}".`);
      const first = Math.max(0, cursor - limit);
      const all = [{ status: 'CONNECTING', reason: 'connecting' }, { status: 'CONNECTED', reason: 'connected' }, { status: 'DISCONNECTED', reason: 'replaced' }] as const;
      return { records: all.slice(first, cursor).map((record, index) => ({ at: first + index, ...record })).reverse(), next: first > 0 ? first : null };
    },
    async createBackup(instanceId) {
      const { phoneNumber } = find(instanceId);
      if (phoneNumber === null) throw new DomainError('no_session', 'There is no session that could be kept.');
      const backup: Backup = { id: randomUUID(), instanceId, createdAt: clock.now(), cause: 'manual', phoneNumber, device: 'device', endedAt: null };
      backups.unshift(backup);
      return backup;
    },
    async listBackups(instanceId) {
      find(instanceId);
      return backups.filter(backup => backup.instanceId === instanceId);
    },
    async deleteBackup(instanceId, backupId) {
      findBackup(instanceId, backupId);
      backups.splice(backups.findIndex(({ id }) => id === backupId), 1);
    },
    async restoreBackup(instanceId, backupId) {
      findBackup(instanceId, backupId);
      if (find(instanceId).status === 'CONNECTED') throw new DomainError('backup_not_restorable', 'The instance is CONNECTED: its session is in use.', { details: { reason: 'in_use' } });
      return change(find(instanceId), { status: 'DISCONNECTED', reason: 'restored' });
    },
    connectInstance: async instanceId => connect(instanceId),
    restartInstance: async instanceId => connect(instanceId),
    disconnectInstance: async instanceId => change(find(instanceId), { status: 'DISCONNECTED', reason: 'disconnected_by_user', active: false }),
    logoutInstance: async instanceId => change(find(instanceId), { status: 'LOGGED_OUT', reason: 'logged_out', active: false }),
    async forceCleanUp(instanceId, { wipeCredentials = false } = {}) {
      change(find(instanceId), { status: 'DISCONNECTED', reason: 'cleaned_up', active: false });
      const wiped = wipeCredentials ? 'released' as const : 'nothing' as const;
      return CLEAN_UP_STEPS.map(step => step === 'credentials' ? { step, outcome: wiped } : step === 'socket' ? { step, outcome: 'failed' as const, message: 'It did not close.' } : { step, outcome: 'released' as const });
    },
    async listSessions({ wanted } = {}) {
      return [...instances.values()].filter(view => view.deletedAt === null && view.status !== 'DISCONNECTED' && (wanted?.includes(view.instanceId) ?? true)).map(({ instanceId, name, status, reason, phoneNumber, lastSeen, qrAt }) =>
        ({ instanceId, name, status, reason, since: clock.now(), pendingSince: qrAt, phoneNumber, lastSeen }));
    },
    async cleanUpSessions(kind, { wanted } = {}) {
      const ids = [...instances.values()].filter(view => (kind === 'pending') === (view.status === 'QR_READY') && (wanted?.includes(view.instanceId) ?? true)).map(view => view.instanceId);
      return { instanceIds: ids, unansweredNodes: 0 };
    },
    async getQr(instanceId) {
      find(instanceId);
      const qr = qrs.get(instanceId);
      if (!qr) throw new DomainError('qr_not_available', 'This instance has never been connected. Call connect and scan the QR code.');
      return qr;
    },
    async requestPairingCode(instanceId) {
      if (find(instanceId).status === 'CONNECTED') throw new DomainError('already_connected', 'The instance is connected already.');
      return { code: 'ABCD1234', expiresAt: clock.now() + 60_000 };
    },
    async sendMessage(instanceId, request, options = {}) {
      find(instanceId);
      sendOptions.push(options);
      const file = await fileOf(request);
      try {
        const bytes = file && await readFile(file.path);
        sent.push({ instanceId, request, file, sha256: bytes && createHash('sha256').update(bytes).digest('hex') });
        await hold;
        if (failure) throw failure;
        return { kind: 'sent' as const, messageId: `M${sent.length}`, correlationId: randomUUID(), to: '15550002222@s.whatsapp.net', timestamp: clock.now() };
      } finally {
        if (file && 'source' in request && request.source.kind !== 'file') await fetcher.discard(file);
      }
    },
    async queueMessage(instanceId, request, options = {}) {
      find(instanceId);
      const file = await fileOf(request);
      const bytes = file && await readFile(file.path);
      if (file && 'source' in request && request.source.kind !== 'file') await fetcher.discard(file);
      if (failure) throw failure;
      queued.push({ instanceId, request, options, sha256: bytes && createHash('sha256').update(bytes).digest('hex') });
      const { scheduledAt = null, expiresAt = null } = options;
      return { kind: 'queued' as const, messageId: `Q${queued.length}`, correlationId: randomUUID(), queueId: `q_Q${queued.length}`, state: 'queued' as const, scheduledAt, expiresAt };
    },
    async queueMessages(instanceId, items) {
      find(instanceId);
      return Promise.all(items.map(async item => {
        if (item instanceof DomainError) return { kind: 'refused' as const, error: item };
        const answer = await usecases.queueMessage(instanceId, item.request, item.options);
        return answer.kind === 'queued' ? answer : { kind: 'refused' as const, error: new DomainError('internal_error', 'Not queued.') };
      }));
    },
    async cancelMessage(instanceId, messageId) {
      const message = await usecases.getMessage(instanceId, messageId);
      if (message.state !== 'queued') throw new DomainError('message_not_cancellable', `The message is ${message.state}.`);
      return Object.assign(message, { state: 'cancelled' });
    },
    awaitMessage: async (instanceId, messageId, status, timeoutMs) => {
      waits.push({ messageId, status, timeoutMs });
      return usecases.getMessage(instanceId, messageId);
    },
    async listDeadLetters(instanceId, { limit }) {
      find(instanceId);
      return { messages: messages.filter(message => message.instanceId === instanceId && message.state === 'failed').slice(0, limit), next: null };
    },
    async retryDeadLetter(instanceId, messageId) {
      const message = await deadLetter(instanceId, messageId);
      message.state = 'queued';
      return { messageId, correlationId: message.correlationId ?? '', queueId: `q_${messageId}`, state: 'queued', scheduledAt: null, expiresAt: null };
    },
    async discardDeadLetter(instanceId, messageId) {
      (await deadLetter(instanceId, messageId)).discardedAt = clock.now();
    },
    queueCounts: async () => ({ queued: queued.length, sending: 0, deadLetters: 0 }),
    async getMessage(instanceId, messageId) {
      find(instanceId);
      const found = messages.find(message => message.instanceId === instanceId && message.messageId === messageId);
      if (!found) throw new DomainError('message_not_found', `There is no message "${messageId}".`);
      return found;
    },
    async listMessages(instanceId, { limit, cursor = Infinity, direction, chatId }) {
      find(instanceId);
      const rows = messages
        .map((message, index) => ({ message, seq: index + 1 }))
        .filter(({ message, seq }) => message.instanceId === instanceId && seq < cursor && (direction === undefined || message.direction === direction) && (chatId === undefined || message.chatId === chatId))
        .reverse();
      return { messages: rows.slice(0, limit).map(({ message }) => message), next: rows.length > limit ? rows[limit - 1]?.seq ?? null : null };
    },
    async getMessageMedia(instanceId, messageId) {
      await usecases.getMessage(instanceId, messageId);
      const found = media.get(messageId);
      if (!found) throw new DomainError('media_not_found', 'This message has no media.');
      return { stream: Readable.from([found.bytes]), mimetype: found.mimetype, fileName: found.fileName, size: found.bytes.length };
    },
    async createWebhook(instanceId, input) {
      find(instanceId);
      const { url = '', events = [], secret, headers, filter = null, minIntervalMs = 0 } = checkWebhook(input, RECEIVER_GUARD);
      const now = clock.now();
      const webhook: WebhookView = { id: randomUUID(), instanceId, url, events, secret: secret ?? `whsec_${Buffer.alloc(32, 7).toString('base64')}`, headers: headers ?? {}, filter, minIntervalMs, previousSecret: null, enabled: true, createdAt: now, updatedAt: now, breaker: CLOSED_BREAKER };
      webhooks.set(webhook.id, webhook);
      return webhook;
    },
    async listWebhooks(instanceId) {
      find(instanceId);
      return [...webhooks.values()].filter(webhook => webhook.instanceId === instanceId);
    },
    getWebhook: async (instanceId, webhookId) => findWebhook(instanceId, webhookId),
    async updateWebhook(instanceId, webhookId, patch) {
      const webhook = findWebhook(instanceId, webhookId);
      const next = { ...webhook, ...checkWebhook(patch, RECEIVER_GUARD) };
      webhooks.set(webhookId, next);
      return next;
    },
    async deleteWebhook(instanceId, webhookId) {
      webhooks.delete(findWebhook(instanceId, webhookId).id);
    },
    async rotateSecret(instanceId, webhookId, { secret = `whsec_${Buffer.alloc(32, 8).toString('base64')}`, overlapMs = DEFAULT_OVERLAP_MS }) {
      const webhook = findWebhook(instanceId, webhookId);
      const next = { ...webhook, secret: checkSecret(secret), previousSecret: overlapMs === 0 ? null : { secret: '', until: clock.now() + overlapMs } };
      webhooks.set(webhookId, next);
      return next;
    },
    async listDeliveries(instanceId, webhookId, { limit, state, from = 0, to = Infinity, cursor }) {
      findWebhook(instanceId, webhookId);
      const rows = deliveries
        .map((delivery, index) => ({ delivery, seq: index + 1 }))
        .filter(({ delivery, seq }) => delivery.webhookId === webhookId && (state === undefined || delivery.state === state)
          && delivery.createdAt >= from && delivery.createdAt < to && (cursor === undefined || seq < cursor.seq))
        .reverse();
      const last = rows[limit - 1];
      return { deliveries: rows.slice(0, limit).map(({ delivery }) => delivery), next: rows.length > limit && last ? { createdAt: last.delivery.createdAt, seq: last.seq } : null };
    },
    async replayDeliveries(instanceId, webhookId, { from = 0, to = Infinity, state = 'dead' }) {
      findWebhook(instanceId, webhookId);
      return { replayed: deliveries.filter(delivery => delivery.webhookId === webhookId && delivery.state === state && delivery.createdAt >= from && delivery.createdAt < to).length };
    },
    async replayDelivery(instanceId, webhookId, deliveryId) {
      findWebhook(instanceId, webhookId);
      const found = deliveries.find(delivery => delivery.webhookId === webhookId && delivery.id === deliveryId);
      if (!found) throw new DomainError('delivery_not_found', 'There is no such delivery.');
      return { ...found, state: 'pending', attempts: 0, nextAttemptAt: clock.now() };
    },
    encryptionStatus: async () => ({ keyFrom: 'file', masterKey: '0011223344556677', otherMasterKeys: [], activeDataKey: 1, dataKeys: [{ id: 1, createdAt: 0, retiredAt: null }] }),
    rotateKeys: async ({ newMasterKey }) => {
      if (newMasterKey !== undefined && parseMasterKey(newMasterKey) === null) throw new DomainError('validation_failed', 'It is no key.', { field: 'newMasterKey' });
      return { dataKey: 2, resealed: 7, newMasterKey: newMasterKey === undefined ? null : '8899aabbccddeeff', keyFileReplaced: false, next: [] };
    },
    finishRotation: async () => ({ removedMasterKeys: [] }),
    health: async () => ({
      activeSessions: [...instances.values()].filter(view => view.status === 'CONNECTED').length, pendingCount: 0,
      circuitBreaker: worstOf([...webhooks.values()].map(webhook => webhook.breaker.state)),
    }),
    healthOfParts: async () => ({ uptimeSeconds: 7, parts: { store: { status: 'ok', message: 'The database answers.', latencyMs: 1 } } }),
    canReachStore: async () => storeThere,
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4; charset=utf-8', text: 'chasqui_build_info{version="test"} 1\n' }),
    phase: () => phase,
  };

  return {
    usecases, auditor, audited, sent, sendOptions, queued, waits, messages, deliveries, media,
    failSends(error) { failure = error; },
    failLookUpsOfKeys(error) { keyFailure = error; },
    holdSends(until) { hold = until; },
    setPhase(value) { phase = value; },
    setStoreThere(there) { storeThere = there; },
    showQr(instanceId, qr) {
      if (qr) qrs.set(instanceId, qr);
      else qrs.delete(instanceId);
      change(find(instanceId), qr ? { status: 'QR_READY', reason: 'waiting_for_scan', qr: qr.text, qrAt: clock.now() } : { qr: null, qrAt: null });
    },
    setConnected(instanceId, phoneNumber) {
      qrs.delete(instanceId);
      change(find(instanceId), { status: 'CONNECTED', reason: 'connected', phoneNumber, qr: null, qrAt: null, connectedAt: clock.now() });
    },
    setBreaker(webhookId, breaker) {
      for (const webhook of webhooks.values()) if (webhook.id === webhookId) webhooks.set(webhookId, { ...webhook, breaker });
    },
  };
}
