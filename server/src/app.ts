import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { createBaileysClient } from './adapters/baileys/client.js';
import { createKeyedLock } from './adapters/baileys/keyed-lock.js';
import { createLiveNetwork, createSandboxNetwork } from './adapters/baileys/network.js';
import { createMediaFetcher } from './adapters/media/media-fetcher.js';
import { createMemorySendQueue } from './adapters/memory/send-queue.js';
import { createMemoryStatusBoard } from './adapters/memory/status-board.js';
import { openRedis } from './adapters/redis/open-redis.js';
import { openEmbeddedStore } from './adapters/sqlite/open-embedded-store.js';
import { bindDataDir } from './adapters/system/bind-data-dir.js';
import { createSystemClock } from './adapters/system/clock.js';
import { createSystemRandom } from './adapters/system/random.js';
import { createUndiciSender } from './adapters/webhooks/undici-sender.js';
import { ConfigError, mediaDirOf, type Config } from './config.js';
import { closeInTime } from './http/close-in-time.js';
import { createHttpServer } from './http/server.js';
import type { Clock, Random } from './ports/clock.js';
import { createAuthenticate, createFirstKey } from './usecases/access/authenticate.js';
import { createOutlet } from './usecases/events/outlet.js';
import type { GatewayPhase, GatewayUseCases } from './usecases/gateway.js';
import { createHealth } from './usecases/health.js';
import { createSettingsReader } from './usecases/instances/instance-settings.js';
import { createRetention } from './usecases/retention.js';
import { createInstanceLookup } from './usecases/instances/find-instance.js';
import { createInstanceUseCases } from './usecases/instances/instance-use-cases.js';
import { createInstanceViewer } from './usecases/instances/view-instance.js';
import { createAcknowledgements } from './usecases/messages/acknowledgements.js';
import { createEndLeftovers } from './usecases/messages/end-leftovers.js';
import { createOutboxKeeper } from './usecases/messages/keep-outbox.js';
import { createMessageUseCases } from './usecases/messages/message-use-cases.js';
import { createMessageWatch } from './usecases/messages/message-watch.js';
import { createMessagePreparer } from './usecases/messages/prepare-message.js';
import { createQueuedPreparer } from './usecases/messages/prepare-queued.js';
import { createReceiveMessage } from './usecases/messages/receive-message.js';
import { createRelay } from './usecases/messages/relay.js';
import { createResendUnacknowledged } from './usecases/messages/resend-unacknowledged.js';
import { createRecipientResolver } from './usecases/messages/resolve-recipient.js';
import { createMessageSettler } from './usecases/messages/settle-message.js';
import { createOutboxWork } from './usecases/messages/work-outbox.js';
import { restoreSessions } from './usecases/sessions/restore-sessions.js';
import { createSessionManager } from './usecases/sessions/session-manager.js';
import { createSessionUseCases } from './usecases/sessions/session-use-cases.js';
import { createDeliveryDispatcher } from './usecases/webhooks/deliver-webhooks.js';
import { createSubscriptions } from './usecases/webhooks/subscriptions.js';
import { createWebhookUseCases } from './usecases/webhooks/webhook-use-cases.js';

export interface Gateway {
  /** Where it listens, e.g. `http://127.0.0.1:3000`. */
  url: string;
  /** The first key, if this start made one: the only time it can be read. */
  firstKey: string | null;
  /** In order: no new requests, sessions closed, deliveries stopped, store closed. Idempotent. */
  stop(): Promise<void>;
}

export interface GatewayOptions {
  config: Config;
  version: string;
  logger: Logger;
  /** The store can promise nothing any more: the process has to end, and to start anew. */
  onFatal: (error: Error) => void;
  clock?: Clock;
  random?: Random;
}

/** Puts the gateway together and starts it: the only place that chooses adapters. Nothing stays open when it throws. */
export async function startGateway({ config, version, logger, onFatal, clock = createSystemClock(), random = createSystemRandom() }: GatewayOptions): Promise<Gateway> {
  const cleanups: (() => unknown)[] = [];
  let stopping: Promise<void> | null = null;
  const stop = () => (stopping ??= runAll(cleanups, logger));

  try {
    const store = await openEmbeddedStore({ dataDir: config.dataDir, synchronous: config.sqliteSynchronous, onFatal });
    cleanups.push(() => store.close());
    await bindDataDir(config.dataDir, config.network.kind);
    const { instances, webhooks, deliveries, messages, outbox, stash } = store;

    const media = createMediaFetcher({ dir: mediaDirOf(config), maxBytes: config.limits.mediaBytes });
    // What a crash left behind; anything else in that folder is somebody's.
    await media.clear();

    const sender = createUndiciSender({ clock });
    cleanups.push(() => sender.close());
    const subscriptions = createSubscriptions({ webhooks, random });
    const dispatcher = createDeliveryDispatcher({ deliveries, webhooks, subscriptions, sender, clock, random, logger, ...config.webhooks });
    cleanups.push(() => dispatcher.stop());
    const outlet = createOutlet({ subscriptions, deliveries, wake: () => dispatcher.wake(), clock });

    const network = config.network.kind === 'live' ? createLiveNetwork(config.network.version) : createSandboxNetwork(config.network.simulatorUrl);
    cleanups.push(() => network.close());
    const client = createBaileysClient({ sessions: store.sessions, journal: store.journal, memos: store.memos, messages, network, clock, logger, onFatal });

    const redis = config.redis ? openRedis({ ...config.redis, clock, logger }) : null;
    if (redis) cleanups.push(() => redis.close());
    const board = redis?.board ?? createMemoryStatusBoard();
    const queue = redis?.queue ?? createMemorySendQueue({ clock, logger });

    const acknowledgements = createAcknowledgements(clock);
    const relay = createRelay(clock, logger);
    const watch = createMessageWatch();
    const settler = createMessageSettler({ messages, outlet, acknowledgements, relay, watch, clock });
    const receive = createReceiveMessage({ messages, outlet, clock });
    const sessions = createSessionManager({
      client, instances, board, outlet, clock, random, logger,
      trafficOf: instanceId => ({
        onMessage: message => receive(instanceId, message),
        onServerAck: ack => settler.onServerAck(instanceId, ack),
        onReceipt: receipt => settler.onReceipt(instanceId, receipt),
        onCaughtUp: () => {
          void followUp(instanceId);
          keeper.onCaughtUp(instanceId);
        },
      }),
      onStatus: (instanceId, status) => keeper.onStatus(instanceId, status),
      endLeftovers: createEndLeftovers({ messages, settler }),
    });
    const followUp = createResendUnacknowledged({ sessions, messages, settler, relay, clock, logger });
    cleanups.push(() => sessions.stop());
    const prepare = createMessagePreparer({ messages, media, resolve: createRecipientResolver() });
    const settings = createSettingsReader(instances);
    const workParts = {
      outbox, messages, sessions, settler, acknowledgements, relay, prepare: createQueuedPreparer({ prepare, media, stash }), settingsOf: settings.of, clock, random, logger,
    };
    const keeper = createOutboxKeeper({ outbox, queue, settler, acknowledgements, workOf: instanceId => createOutboxWork(instanceId, workParts), clock, logger });
    cleanups.push(() => keeper.stop());
    redis?.onReady(() => void keeper.sweep());

    const turns = createKeyedLock();
    const find = createInstanceLookup(instances);
    const view = createInstanceViewer(board);
    const onSettings = (instanceId: string) => {
      settings.forget(instanceId);
      keeper.nudge(instanceId);
    };
    const access = { keys: store.apiKeys, configuredKey: config.apiKey, clock };
    let phase: GatewayPhase = 'starting';
    const usecases: GatewayUseCases = {
      authenticate: createAuthenticate(access),
      ...createInstanceUseCases({ instances, find, view, board, sessions, turns, belongings: { messages, deliveries, material: store.sessions, queue, subscriptions }, onSettings, clock }),
      ...createSessionUseCases({ find, view, instances, sessions, client, turns, clock }),
      ...createMessageUseCases({
        find, sessions, messages, outbox, stash, queue, media, prepare, client, acknowledgements, relay, watch, keys: createKeyedLock(), followUp, clock, random,
      }),
      ...createWebhookUseCases({ instances, webhooks, deliveries, subscriptions, dispatcher, clock, random }),
      health: createHealth({ sessions, dispatcher }),
      phase: () => phase,
    };

    const http = createHttpServer({ usecases, media, logger, version, limits: config.limits, publicUrl: config.publicUrl ?? undefined, clock, random });
    cleanups.push(() => closeInTime(http, () => acknowledgements.giveUp(), clock));
    await listen(http, config);
    // Not before: a start that fails, as on a port that is taken, would keep a key that nobody has seen.
    const firstKey = await createFirstKey({ ...access, random });

    dispatcher.start();
    keeper.start();
    const retention = createRetention({ ...store, keep: config.retention, clock, logger });
    cleanups.push(() => retention.stop());
    retention.start();
    const restoring = new AbortController();
    const restored = restoreSessions({ instances, sessions, client, receive, turns, clock, logger }, restoring.signal)
      .catch((err: unknown) => logger.error({ err }, 'sessions could not be brought back'));
    cleanups.push(() => {
      phase = 'stopping';
      restoring.abort();
    });
    phase = 'ready';
    void restored;
    return { url: urlOf(config.host, http.server.address()), firstKey, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function listen(http: ReturnType<typeof createHttpServer>, { host, port }: Config): Promise<void> {
  try {
    await http.listen({ host, port });
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE')) throw cause;
    throw new ConfigError(`Port ${port} on ${host} is taken by another program. Set PORT to a free one.`, { cause });
  }
}

/** Last opened, first closed; each is tried even when another fails. */
async function runAll(cleanups: (() => unknown)[], logger: Logger): Promise<void> {
  for (const cleanup of cleanups.reverse()) {
    try {
      await cleanup();
    } catch (err) {
      logger.error({ err }, 'a part could not be stopped');
    }
  }
}

function urlOf(host: string, address: AddressInfo | string | null): string {
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
