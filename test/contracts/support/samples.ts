import { DEFAULT_SETTINGS } from '@gateway/domain/instances/instance.js';
import { NOTHING_YET, type StoredMessage } from '@gateway/domain/messages/message.js';
import type { NewDelivery, Webhook } from '@gateway/domain/webhooks/webhook.js';
import type { InstanceRepository, WebhookRepository } from '@gateway/ports/repositories.js';

/** Epoch milliseconds beyond 32 bits, as real ones are. */
export const NOW = Date.parse('2026-03-01T12:00:00Z');

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

export function outgoing(messageId: string, change: Partial<StoredMessage> = {}): StoredMessage {
  return {
    instanceId: 'one', messageId, direction: 'out', chatId: '15550002222@s.whatsapp.net', party: '+1 555 000 2222', type: 'text', state: 'queued',
    correlationId: `corr-${messageId}`, proto: utf8(`proto of ${messageId}`), attempts: 0, timestamp: NOW, createdAt: NOW,
    ...NOTHING_YET, ...change,
  };
}

export function incoming(messageId: string, change: Partial<StoredMessage> = {}): StoredMessage {
  return outgoing(messageId, { direction: 'in', state: null, correlationId: null, party: '15550002222@s.whatsapp.net', ...change });
}

export function delivery(id: string, change: Partial<NewDelivery> = {}): NewDelivery {
  return { id, webhookId: 'hook', instanceId: 'one', eventId: `evt-${id}`, eventType: 'message.ack', lane: 'chat', body: `{"id":"${id}"}`, createdAt: NOW, ...change };
}

export function webhook(id: string, change: Partial<Webhook> = {}): Webhook {
  return {
    id, instanceId: 'one', url: 'http://127.0.0.1:9/hook', events: ['message.received', 'message.ack'], secret: 'whsec_c2VjcmV0', headers: { 'x-tenant': 'täst' },
    filter: null, minIntervalMs: 0, previousSecret: null, enabled: true, createdAt: NOW, updatedAt: NOW, ...change,
  };
}

/** The instance `one` with enabled webhooks of these ids. */
export async function seedWebhooks(repositories: { instances: InstanceRepository; webhooks: WebhookRepository }, ids: string[]): Promise<void> {
  await repositories.instances.create({ instanceId: 'one', name: 'One', settings: DEFAULT_SETTINGS }, NOW);
  for (const id of ids) await repositories.webhooks.create(webhook(id));
}
