import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { createKeyedLock } from '@gateway/adapters/baileys/keyed-lock.js';
import { createMediaFetcher } from '@gateway/adapters/media/media-fetcher.js';
import { createMemoryStatusBoard } from '@gateway/adapters/memory/status-board.js';
import { createSystemClock } from '@gateway/adapters/system/clock.js';
import { DEFAULT_SETTINGS } from '@gateway/domain/instances/instance.js';
import { soleTenure } from '@gateway/domain/instances/tenure.js';
import type { Clock } from '@gateway/ports/clock.js';
import type { LeaseHolder } from '@gateway/ports/leases.js';
import type { WhatsAppSocket } from '@gateway/ports/whatsapp-client.js';
import { createRoutedUseCases } from '@gateway/usecases/cluster/route-to-owner.js';
import { ROUTED_VERBS } from '@gateway/usecases/cluster/routed-verbs.js';
import { createOwnerCalls } from '@gateway/usecases/cluster/serve-owner-calls.js';
import type { GatewayUseCases } from '@gateway/usecases/gateway.js';
import { createInstanceLookup } from '@gateway/usecases/instances/find-instance.js';
import { createGetInstance } from '@gateway/usecases/instances/get-instance.js';
import { createInstanceViewer } from '@gateway/usecases/instances/view-instance.js';
import { createAcknowledgements } from '@gateway/usecases/messages/acknowledgements.js';
import { createAwaitMessage } from '@gateway/usecases/messages/await-message.js';
import { createGetMessage } from '@gateway/usecases/messages/get-message.js';
import { createMessageWatch } from '@gateway/usecases/messages/message-watch.js';
import { createMessagePreparer } from '@gateway/usecases/messages/prepare-message.js';
import { createRelay } from '@gateway/usecases/messages/relay.js';
import { createRepeatSend } from '@gateway/usecases/messages/repeat-send.js';
import { createSendMessage } from '@gateway/usecases/messages/send-message.js';
import type { Session } from '@gateway/usecases/sessions/session.js';
import { openTestStore } from '../../../contracts/support/embedded';
import { makeTempDir } from '../../../contracts/support/temp-dir';
import { LOOPBACK_GUARD } from '../../../support/guards';
import { collectingLogger } from '../../../support/logger';
import { createMemoryNetwork } from '../../../support/memory-links';
import type { TestClock } from '../../../support/test-clock';
import { until } from '../../../support/until';

export type Nodes = Awaited<ReturnType<typeof openNodes>>;
export type TestNode = Awaited<ReturnType<Nodes['node']>>;

/** What the WhatsApp of a test saw. */
export interface Written { messageId: string; by: string; sha256: string | null; mimetype: string | null; fileName: string | null }

/**
 * Nodes of one process on one store, with links between them and an owner for each instance as the test says. Sends and waits are the
 * gateway's own, over a WhatsApp that acknowledges what it gets; every other routed verb only notes who ran it.
 */
export async function openNodes({ clock = createSystemClock() as Clock } = {}) {
  const store = await openTestStore();
  const network = createMemoryNetwork();
  const owners = new Map<string, LeaseHolder>();
  const looks: string[] = [];
  const written: Written[] = [];
  const log: Record<string, unknown>[] = [];
  let epoch = 0;
  const nodeIds = new Set<string>();
  const dirs: { path: string; remove(): Promise<void> }[] = [];
  const random = { bytes: (size: number) => randomBytes(size), float: Math.random, uuid: () => randomUUID() };
  /** What the store is asked runs into this. */
  let storeFailure: Error | null = null;
  /** The same once a message was stored. */
  let storingFailure: Error | null = null;
  const whenThere = async <T>(look: () => Promise<T>): Promise<T> => {
    if (storeFailure) throw storeFailure;
    return look();
  };
  await store.instances.create({ instanceId: 'one', name: 'One', settings: DEFAULT_SETTINGS }, clock.now());

  async function node(nodeId: string) {
    const dir = await makeTempDir();
    dirs.push(dir);
    const logger = collectingLogger(log);
    const media = createMediaFetcher({ dir: dir.path, maxBytes: 1024 * 1024, guard: LOOPBACK_GUARD });
    const ran: { verb: string; args: unknown[] }[] = [];
    const messages = {
      ...store.messages,
      find: (...args: Parameters<typeof store.messages.find>) => whenThere(() => store.messages.find(...args)),
      async insertOutgoing(...args: Parameters<typeof store.messages.insertOutgoing>) {
        const first = await store.messages.insertOutgoing(...args);
        if (storingFailure) throw storingFailure;
        return first;
      },
    };
    const [acknowledgements, watch, relay] = [createAcknowledgements(clock), createMessageWatch(), createRelay(clock, logger)];
    const [find, view] = [createInstanceLookup(store.instances), createInstanceViewer(createMemoryStatusBoard(clock))];
    const getMessage = createGetMessage({ find, messages });
    let whileSending: (messageId: string) => Promise<void> = async () => undefined;
    let whilePreparing: () => Promise<void> = async () => undefined;
    let connected = true;
    let acknowledges = true;

    /** Notes in the row that WhatsApp has the message, and tells those who wait at this node. */
    async function acknowledge(messageId: string): Promise<void> {
      const at = clock.now();
      await store.messages.advance({ instanceId: 'one', messageId, to: 'sent', at }, []);
      watch.changed('one', messageId);
      acknowledgements.settle('one', { messageId, errorCode: null, at });
    }

    const socket = {
      async prepare({ messageId, content }: Parameters<WhatsAppSocket['prepare']>[0]) {
        await whilePreparing();
        const file = 'file' in content ? content.file : null;
        const sha256 = file && createHash('sha256').update(await readFile(file.path)).digest('hex');
        written.push({ messageId, by: nodeId, sha256, mimetype: file?.mimetype ?? null, fileName: file?.fileName ?? null });
        return { proto: Buffer.from(messageId), timestamp: clock.now() };
      },
      async relay({ messageId, permit }: Parameters<WhatsAppSocket['relay']>[0]) {
        if (permit && !await permit) throw new Error('not permitted');
        await whileSending(messageId);
        if (acknowledges) await acknowledge(messageId);
      },
    } as unknown as WhatsAppSocket;
    const session = {
      get socket() { return connected ? socket : null; },
      tenure: soleTenure('one'),
      view: () => ({ connection: { status: 'DISCONNECTED', reason: 'gateway_stopped' } }),
    } as unknown as Session;

    const local = {
      ...Object.fromEntries(Object.keys(ROUTED_VERBS).map(verb => [verb, async (...args: unknown[]) => {
        ran.push({ verb, args });
        return { verb, by: nodeId };
      }])),
      getInstance: createGetInstance({ find, view }),
      createInstance: async ({ instanceId }: { instanceId: string }) => view.one(await store.instances.create({ instanceId, name: instanceId, settings: DEFAULT_SETTINGS }, clock.now())),
      getMessage,
      awaitMessage: createAwaitMessage({ getMessage, watch, clock }),
      sendMessage: createSendMessage({
        find, messages, media, acknowledgements, relay, clock, random, keys: createKeyedLock(), followUp: async () => undefined,
        sessions: { find: () => session, of: () => session } as unknown as Parameters<typeof createSendMessage>[0]['sessions'],
        repeat: createRepeatSend({ messages, acknowledgements, clock }),
        prepare: createMessagePreparer({ messages, media, resolve: async () => ({ jid: '15550002222@s.whatsapp.net', chatId: '15550002222@s.whatsapp.net' }) }),
      }),
      health: async () => ({ activeSessions: 1 }),
      cleanUpSessions: async (kind: string, { wanted = [] as readonly string[] } = {}) => ({ instanceIds: [[nodeId, kind, ...wanted].join(' ')], unansweredNodes: 0 }),
    } as unknown as GatewayUseCases;

    nodeIds.add(nodeId);
    const link = network.link(nodeId);
    const ownership = { holds: (instanceId: string) => owners.get(instanceId)?.nodeId === nodeId };
    const created: string[] = [];
    let claims: () => Promise<void> = async () => undefined;
    const usecases = createRoutedUseCases({
      local, ownership, link, instances: store.instances, messages: { ...messages, findByKey: (...args) => whenThere(() => store.messages.findByKey(...args)) },
      media, stash: store.stash, clock, random, logger,
      leases: {
        nodeId,
        nodes: async () => [...nodeIds].map(id => ({ nodeId: id, startedAt: 0, seenAt: 0, draining: false, report: { activeSessions: 0, pendingCount: 0, circuitBreaker: 'CLOSED' as const } })),
        async ownerOf(instanceId) {
          looks.push(instanceId);
          return whenThere(async () => owners.get(instanceId) ?? null);
        },
      },
      onCreated: async instanceId => {
        created.push(instanceId);
        await claims();
      },
    });
    await link.serve(createOwnerCalls({ local, ownership, media, stash: store.stash }));
    return {
      usecases, local, media, ran, created, acknowledge, link, ownership,
      /** Files of media that wait there. */
      spooled: () => readdir(dir.path),
      /** Runs before WhatsApp gets a message that is on disk. */
      whileSending: (work: typeof whileSending) => { whileSending = work; },
      whilePreparing: (work: typeof whilePreparing) => { whilePreparing = work; },
      disconnect: () => { connected = false; },
      /** As when the instance is given to another node. */
      leave: () => acknowledgements.leave('one'),
      /** As when it stops. */
      giveUpWaiting: () => acknowledgements.giveUp(),
      neverAcknowledges: () => { acknowledges = false; },
      onClaim: (work: typeof claims) => { claims = work; },
    };
  }

  return {
    store, network, written, looks, log, clock, node,
    /** Says who owns an instance from now on: another epoch each time. */
    own(nodeId: string | null, instanceId = 'one') {
      if (nodeId === null) owners.delete(instanceId);
      else owners.set(instanceId, { nodeId, epoch: ++epoch });
    },
    failStore: (error: Error | null) => { storeFailure = error; },
    failStoring: (error: Error | null) => { storingFailure = error; },
    /** The bytes that wait in the stash. */
    async stashed(messageId: string) {
      let size = 0;
      for await (const part of store.stash.read('one', messageId)) size += part.length;
      return size;
    },
    async close() {
      await store.close();
      await Promise.all(dirs.map(dir => dir.remove()));
    },
  };
}

/** Whatever a call fails with, or what it answers. */
export function outcomeOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(value => ({ value }), (error: unknown) => error);
}

/** Lets the time of the test pass until the call has come to its end. */
export async function passing<T>(clock: TestClock, call: Promise<T>): Promise<T> {
  let over = false;
  void call.then(() => { over = true; }, () => { over = true; });
  await until('it has come to its end', async () => {
    if (!over) await clock.advance(250);
    return over;
  });
  return call;
}
