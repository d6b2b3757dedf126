import { rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { createBaileysClient } from './adapters/baileys/client.js';
import { createKeyedLock } from './adapters/baileys/keyed-lock.js';
import { createLiveNetwork, createSandboxNetwork } from './adapters/baileys/network.js';
import { createMediaFetcher } from './adapters/media/media-fetcher.js';
import { createSystemClock } from './adapters/system/clock.js';
import { createSystemRandom } from './adapters/system/random.js';
import { createUndiciSender } from './adapters/webhooks/undici-sender.js';
import { openObservability } from './app/observability.js';
import { openAccess } from './app/open-access.js';
import { openBackends } from './app/open-backends.js';
import { createOutgoingGuards } from './app/outgoing-guards.js';
import { openOperatorAccess } from './app/operator-access.js';
import { runAll } from './app/run-all.js';
import { createSessionHygiene } from './app/session-hygiene.js';
import { openTracing } from './app/tracing.js';
import { ConfigError, mediaDirOf, type Config } from './config.js';
import { closeInTime } from './http/close-in-time.js';
import { createHttpServer } from './http/server.js';
import type { Clock, Random } from './ports/clock.js';
import type { InstanceRepository } from './ports/repositories.js';
import { createAuditor } from './usecases/audit/auditor.js';
import { createBackupUseCases } from './usecases/backups/backup-use-cases.js';
import { createLetGo } from './usecases/instances/let-go.js';
import { createHandOver } from './usecases/cluster/hand-over.js';
import { createLeaseKeeper } from './usecases/cluster/keep-leases.js';
import { createMostIdle } from './usecases/cluster/most-idle.js';
import { createSoleOwnership, type Ownership } from './usecases/cluster/ownership.js';
import { createRoutedUseCases } from './usecases/cluster/route-to-owner.js';
import { createOwnerCalls } from './usecases/cluster/serve-owner-calls.js';
import { createOutlet } from './usecases/events/outlet.js';
import type { GatewayPhase, GatewayUseCases } from './usecases/gateway.js';
import { createEncryptionUseCases } from './usecases/encryption/encryption-use-cases.js';
import { createHealth, createNodeReport } from './usecases/health.js';
import { createSettingsReader } from './usecases/instances/instance-settings.js';
import { createRetention } from './usecases/retention.js';
import { createInstanceLookup } from './usecases/instances/find-instance.js';
import { createInstanceUseCases } from './usecases/instances/instance-use-cases.js';
import { createListConnectionHistory } from './usecases/instances/list-connection-history.js';
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
import { createSessionFacts } from './usecases/sessions/observe-session.js';
import { createSessionRestorer, type SessionRestorer } from './usecases/sessions/restore-sessions.js';
import { createSessionManager } from './usecases/sessions/session-manager.js';
import { createSessionUseCases } from './usecases/sessions/session-use-cases.js';
import { createDeliveryDispatcher } from './usecases/webhooks/deliver-webhooks.js';
import { createSubscriptions } from './usecases/webhooks/subscriptions.js';
import { createWebhookUseCases } from './usecases/webhooks/webhook-use-cases.js';

export interface Gateway {
  /** Where it listens, e.g. `http://127.0.0.1:3000`. */
  url: string;
  /** Its name among the nodes of a cluster; null in a gateway that shares its store with nobody. */
  nodeId: string | null;
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

/** Puts the gateway together and starts it: the only place, with `app/`, that chooses adapters. Nothing stays open when it throws. */
export async function startGateway({ config, version, logger, onFatal, clock = createSystemClock(), random = createSystemRandom() }: GatewayOptions): Promise<Gateway> {
  const cleanups: (() => unknown)[] = [];
  let stopping: Promise<void> | null = null;
  const stop = () => (stopping ??= runAll(cleanups, logger));

  try {
    const { store, board, queue, redis, leases, link: plainLink, linkSecret, close } = await openBackends({
      config, clock, random, logger, onFatal, lastsMs: tenure => ownership.lastsMs(tenure),
    });
    cleanups.push(close);
    const { instances, webhooks, deliveries, messages, outbox, stash, history } = store;
    const tracing = await openTracing({ tracing: config.tracing, version, clock, logger });
    cleanups.push(() => tracing.close());
    const link = tracing.link(plainLink);
    const auditor = createAuditor({ audit: store.audit, clock, logger });
    const { metrics, ...observability } = openObservability({ version, stats: store.stats, dataDir: config.database ? null : config.dataDir, clock });
    cleanups.push(() => observability.close());

    const mediaDir = mediaDirOf(config);
    const guards = createOutgoingGuards(config.outgoing);
    const media = createMediaFetcher({ dir: mediaDir, maxBytes: config.limits.mediaBytes, guard: guards.media });
    cleanups.push(() => media.close());
    // What a crash left behind; anything else in that folder is somebody's.
    await media.clear();
    if (config.database) cleanups.push(() => rm(mediaDir, { recursive: true, force: true }));

    const keepLeases = leases && createLeaseKeeper({
      leases, ttlMs: config.lease.seconds * 1_000, clock, logger,
      report: () => ({ ...report(), masterKey: store.vault.masterKey }),
      onGained: tenures => handOver.onGained(tenures),
      leave: (tenure, lasts) => handOver.leave(tenure, lasts),
      mostIdle: instanceIds => mostIdle(instanceIds),
      tellReleased: () => link.tell('released', null),
    });
    const ownership: Ownership = keepLeases ?? createSoleOwnership();

    const sender = tracing.sender(createUndiciSender({ clock, guard: guards.webhooks }));
    cleanups.push(() => sender.close());
    const subscriptions = createSubscriptions({ webhooks, random });
    const dispatcher = createDeliveryDispatcher({ deliveries, webhooks, subscriptions, sender, ownership, clock, random, logger, metrics, ...config.webhooks });
    cleanups.push(() => dispatcher.stop());
    const outlet = tracing.outlet(createOutlet({ subscriptions, deliveries, wake: () => dispatcher.wake(), clock }));

    const network = config.network.kind === 'live' ? createLiveNetwork(config.network.version) : createSandboxNetwork(config.network.simulatorUrl);
    cleanups.push(() => network.close());
    const client = createBaileysClient({
      sessions: store.sessions, journal: store.journal, memos: store.memos, messages, network, clock, random, logger,
      isCurrent: ownership.isCurrent,
      onFatal: (tenure, error) => keepLeases ? keepLeases.giveUp(tenure, error) : onFatal(error),
    });

    const acknowledgements = tracing.acknowledgements(createAcknowledgements(clock));
    const relay = createRelay(clock, logger);
    const watch = createMessageWatch();
    const settler = createMessageSettler({ messages, outlet, acknowledgements, relay, watch, clock, metrics });
    const receive = tracing.receive(createReceiveMessage({ messages, outlet, clock, metrics }));
    const sessionFacts = createSessionFacts(logger);
    sessionFacts.listen(observability.countSessionFact);
    const sessions = createSessionManager({
      observe: sessionFacts.observe,
      limits: config.sessions,
      client, instances, history, board, outlet, ownership, clock, random, logger,
      trafficOf: tenure => ({
        onMessage: message => receive(tenure, message),
        onServerAck: ack => settler.onServerAck(tenure, ack),
        onReceipt: receipt => settler.onReceipt(tenure, receipt),
        onCaughtUp: () => {
          void followUp(tenure.instanceId);
          keeper.onCaughtUp(tenure.instanceId);
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
    const keeper = createOutboxKeeper({ outbox, queue, settler, acknowledgements, workOf: instanceId => createOutboxWork(instanceId, workParts), ownership, clock, logger });
    cleanups.push(() => keeper.stop());
    redis?.onReady(() => void keeper.sweep());

    const turns = createKeyedLock();
    const find = createInstanceLookup(instances);
    const view = createInstanceViewer(board, leases?.epochs);
    const onSettings = (instanceId: string) => {
      settings.forget(instanceId);
      keeper.nudge(instanceId);
    };
    const restorer = createSessionRestorer({ instances, history, sessions, client, ownership, receive, auditor, turns, clock, logger });
    const forget = (instanceId: string) => {
      settings.forget(instanceId);
      subscriptions.invalidate(instanceId);
      store.release(instanceId);
    };
    const hygiene = createSessionHygiene({
      find, view, instances, sessions, client, keeper, board, ownership, receive, turns, restorer, auditor, clock, logger, material: store.sessions,
      facts: sessionFacts, config: config.sessions, forget,
    });
    cleanups.push(() => hygiene.stop());
    const letGo = createLetGo({ client, keeper, forget, logger });
    const handOver = createHandOver({
      beginTenure: store.beginTenure, subscriptions, forgetSettings: settings.forget, restorer, dispatcher, acknowledgements, sessions, letGo, board, logger,
    });
    const mostIdle = createMostIdle(sessions, clock.now);
    const report = createNodeReport({ sessions, dispatcher });
    const access = openAccess({ store, config, link, auditor, clock, random, logger });
    const operator = openOperatorAccess({ config, random });
    let phase: GatewayPhase = 'starting';
    const local: GatewayUseCases = {
      ...access.usecases,
      authenticate: operator.before(access.usecases.authenticate),
      ...createInstanceUseCases({ instances, find, view, board, sessions, turns, belongings: { messages, deliveries, history, material: store.sessions, queue, subscriptions }, endTenure: tenure => keepLeases?.forget(tenure), letGo, onSettings, clock }),
      listConnectionHistory: createListConnectionHistory({ instances, history }),
      ...createBackupUseCases({ find, view, backups: store.backups, sessions, client, receive, turns }),
      ...createSessionUseCases({ find, view, instances, sessions, client, turns, clock }),
      ...hygiene.usecases,
      ...tracing.sends(createMessageUseCases({
        find, sessions, messages, outbox, stash, queue: tracing.announcing(queue, link), media, prepare, client, acknowledgements, relay, watch, keys: createKeyedLock(), followUp, clock, random, metrics,
      })),
      ...createWebhookUseCases({ instances, guard: guards.webhooks, webhooks, deliveries, subscriptions, dispatcher, clock, random }),
      ...createEncryptionUseCases({ vault: store.vault, leases }),
      health: createHealth({ report, leases, clock }),
      ...observability.useCases({
        sessions, dispatcher, cluster: leases && keepLeases && { leases, ownedInstances: keepLeases.count }, redis: redis && redis.health, nodeId: leases?.nodeId ?? null,
      }),
      phase: () => phase,
    };
    const usecases = leases && keepLeases ? createRoutedUseCases({
      local, ownership, leases, link, instances, messages, media, stash, clock, random, logger, onCreated: instanceId => keepLeases.claim(instanceId),
    }) : local;
    await link.serve(createOwnerCalls({ local, ownership, media, stash }));
    link.onTold('released', () => keepLeases?.look());

    const http = createHttpServer({ usecases, media, auditor, logger, version, limits: config.limits, access: config.access, publicUrl: config.publicUrl ?? undefined, linkSecret, clock, random, metrics, tracer: tracing.tracer });
    // Both at once: who waits for an answer need not wait for the instances to go, nor they for him.
    cleanups.push(() => Promise.all([closeInTime(http, () => acknowledgements.giveUp(), clock), keepLeases?.stop()]));
    await listen(http, config);
    // Not before: a start that fails, as on a port that is taken, would keep a key that nobody has seen.
    const firstKey = await access.createFirstKey();

    dispatcher.start();
    keeper.start();
    const isOnDuty = leases ? async () => (await leases.nodes())[0]?.nodeId === leases.nodeId : undefined;
    const retention = createRetention({ ...store, auditor, keep: config.retention, clock, logger, ...(isOnDuty ? { isOnDuty } : {}) });
    cleanups.push(() => retention.stop());
    retention.start();
    cleanups.push(() => {
      phase = 'stopping';
      restorer.stop();
    });
    hygiene.start();
    phase = 'ready';
    if (keepLeases) await keepLeases.start();
    else bringBackAll(instances, restorer, logger);
    const url = urlOf(config.host, http.server.address());
    cleanups.push(() => operator.withdraw());
    await operator.announce(url);
    return { url, nodeId: leases?.nodeId ?? null, firstKey, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What a gateway that shares its store with nobody owns: everything. */
function bringBackAll(instances: InstanceRepository, restorer: SessionRestorer, logger: Logger): void {
  instances.list().then(rows => restorer.bringBack(rows.map(({ instanceId }) => instanceId)))
    .catch((err: unknown) => logger.error({ err }, 'sessions could not be brought back'));
}

async function listen(http: ReturnType<typeof createHttpServer>, { host, port }: Config): Promise<void> {
  try {
    await http.listen({ host, port });
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE')) throw cause;
    throw new ConfigError(`Port ${port} on ${host} is taken by another program. Set PORT to a free one.`, { cause });
  }
}

function urlOf(host: string, address: AddressInfo | string | null): string {
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
