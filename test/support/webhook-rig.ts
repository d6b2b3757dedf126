import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRequire } from 'node:module';
import type { Logger, pino as Pino } from 'pino';
import type { Store } from '@gateway/adapters/sql/store.js';
import { openEmbeddedStore } from '@gateway/adapters/sqlite/open-embedded-store.js';
import { createSystemClock } from '@gateway/adapters/system/clock.js';
import { createSystemRandom } from '@gateway/adapters/system/random.js';
import { createUndiciSender } from '@gateway/adapters/webhooks/undici-sender.js';
import type { Config } from '@gateway/config.js';
import { makeEvent } from '@gateway/domain/events/event.js';
import { DEFAULT_SETTINGS } from '@gateway/domain/instances/instance.js';
import type { Delivery, Webhook } from '@gateway/domain/webhooks/webhook.js';
import type { Clock } from '@gateway/ports/clock.js';
import type { DeliveryQuery, DeliveryStore } from '@gateway/ports/message-store.js';
import type { WebhookSender } from '@gateway/ports/webhook-sender.js';
import { createDeliveryDispatcher, type DeliveryDispatcher } from '@gateway/usecases/webhooks/deliver-webhooks.js';
import { createSubscriptions } from '@gateway/usecases/webhooks/subscriptions.js';
import { createWebhookUseCases, type WebhookUseCases } from '@gateway/usecases/webhooks/webhook-use-cases.js';
import { RECEIVER_GUARD } from './guards.js';
import { startWebhookReceiver, type WebhookReceiver } from './webhook-receiver.js';

const pino = createRequire(new URL('../../server/package.json', import.meta.url))('pino') as typeof Pino;

export const INSTANCE = 'shop';
export const SECRET = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;

export interface WebhookRig {
  store: Store;
  dispatcher: DeliveryDispatcher;
  usecases: WebhookUseCases;
  /** What was logged, at every level, as JSON lines. */
  log: string[];
  /** When each post began, by the rig's clock. */
  posts: { url: string; at: number }[];
  /** A receiver and its webhook, for incoming messages unless other events are named. */
  receiver(input?: Partial<Parameters<WebhookUseCases['createWebhook']>[1]>): Promise<{ receiver: WebhookReceiver; webhook: Webhook }>;
  /** A webhook's deliveries as they are stored, newest first. */
  rows(webhookId: string, query: DeliveryQuery): Promise<Delivery[]>;
  /** Writes the deliveries of incoming messages, one for each lane (chat) named, and wakes the dispatcher. The texts are counted per rig. */
  arrive(...lanes: string[]): Promise<void>;
  close(): Promise<void>;
}

export interface WebhookRigOptions {
  clock: Clock;
  dataDir?: string;
  /** Stands between the dispatcher and the store, to make it fail. */
  wrap?: (deliveries: DeliveryStore) => DeliveryStore;
  /** As the configuration has them; the defaults of the dispatcher without. */
  settings?: Config['webhooks'];
}

/** The webhook side of a gateway: the real store in a directory of its own, the real sender, a dispatcher that is not started. Jitter is off. */
export async function createWebhookRig({ clock, dataDir, wrap = deliveries => deliveries, settings }: WebhookRigOptions): Promise<WebhookRig> {
  const dir = dataDir ?? await mkdtemp(join(tmpdir(), 'webhooks-'));
  const store = await openEmbeddedStore({ dataDir: dir, onFatal: error => { throw error; } });
  const { instances, webhooks } = store;
  if (await instances.find(INSTANCE) === null) await instances.create({ instanceId: INSTANCE, name: 'Shop', settings: DEFAULT_SETTINGS }, clock.now());
  const log: string[] = [];
  const logger: Logger = pino({ level: 'trace' }, { write: (line: string) => { log.push(line); } });
  const random = { ...createSystemRandom(), float: () => 0.5 };
  const subscriptions = createSubscriptions({ webhooks, random });
  const undici = createUndiciSender({ clock: createSystemClock(), guard: RECEIVER_GUARD });
  const posts: WebhookRig['posts'] = [];
  const sender: WebhookSender = {
    ...undici,
    post(request) {
      posts.push({ url: request.url, at: clock.now() });
      return undici.post(request);
    },
  };
  const deliveries = wrap(store.deliveries);
  const dispatcher = createDeliveryDispatcher({ deliveries, webhooks, subscriptions, sender, clock, random, logger, ...settings });
  const usecases = createWebhookUseCases({ instances, guard: RECEIVER_GUARD, webhooks, deliveries: store.deliveries, subscriptions, dispatcher, clock, random });
  const receivers: WebhookReceiver[] = [];
  let count = 0;

  return {
    store, dispatcher, usecases, log, posts,
    async receiver(input = {}) {
      const receiver = await startWebhookReceiver(SECRET);
      receivers.push(receiver);
      const webhook = await usecases.createWebhook(INSTANCE, { url: receiver.url, events: ['message.received'], secret: SECRET, ...input });
      return { receiver, webhook };
    },
    rows: async (webhookId, query) => (await store.deliveries.list(webhookId, query)).deliveries,
    async arrive(...lanes) {
      const rows = [];
      for (const lane of lanes) {
        const messageId = `M${count++}`;
        const data = { messageId, chat: { id: lane, type: 'direct' as const }, sender: { id: lane }, replyTo: lane, timestamp: new Date(clock.now()).toISOString(), messageType: 'text', text: messageId, isGroup: false };
        rows.push(...await subscriptions.deliveriesFor(makeEvent(INSTANCE, { type: 'message.received', data }, [lane, messageId], clock.now()), lane, { chatType: 'direct', addresses: [lane], fromMe: false }, clock.now()));
      }
      await store.deliveries.insert(rows);
      dispatcher.wake();
    },
    async close() {
      await Promise.all(receivers.map(receiver => receiver.close()));
      await dispatcher.stop();
      await sender.close();
      await store.close();
      if (dataDir === undefined) await rm(dir, { recursive: true, force: true });
    },
  };
}

/** The texts that a receiver got, in the order of arrival; of one chat, if one is named. */
export function textsOf(receiver: WebhookReceiver, lane?: string): string[] {
  const events = receiver.requests.map(request => JSON.parse(request.body) as { data: { chat: { id: string }; text: string } });
  return events.filter(event => lane === undefined || event.data.chat.id === lane).map(event => event.data.text);
}
