import { createHash, randomUUID } from 'node:crypto';
import { soleTenure } from '@gateway/domain/instances/tenure.js';
import { createBaileysClient } from '@gateway/adapters/baileys/client.js';
import { createSandboxNetwork } from '@gateway/adapters/baileys/network.js';
import { createSystemRandom } from '@gateway/adapters/system/random.js';
import { createSystemClock } from '@gateway/adapters/system/clock.js';
import type { SessionChanges } from '@gateway/ports/session-store.js';
import type { IncomingMessage, Receipt, SocketHandlers, WhatsAppSocket } from '@gateway/ports/whatsapp-client.js';
import { createReceiveMessage } from '@gateway/usecases/messages/receive-message.js';
import type { Simulator } from '@simulator/index.js';
import { openTestStore } from '../../../contracts/support/embedded';
import { seedWebhooks } from '../../../contracts/support/samples';
import { collectingLogger } from '../../../support/logger.js';
import { until } from '../../../support/until.js';

const INSTANCE = 'one';

/** The receiving half of a gateway, linked to a phone of the simulator: client, store and the use case that receives. */
export async function openReceiver(simulator: Simulator, phone: string) {
  const store = await openTestStore();
  await seedWebhooks(store, ['hook']);
  const lines: Record<string, unknown>[] = [];
  const fatal: Error[] = [];
  const receipts: Receipt[] = [];
  const clock = createSystemClock();
  const network = createSandboxNetwork(simulator.controlUrl);
  /** Where a test lets things stand still or fail; each gets what is stored first. */
  const hooks = {
    committed: async (_: SessionChanges) => {},
    /** Before keys of this type are read. */
    reading: async (_: string) => {},
    beforeMessage: async (_: IncomingMessage) => {},
    receipt: async (_: Receipt) => {},
    /** Before the journal is asked. */
    asked: async () => {},
    /** Whether the tenure lasts. */
    isCurrent: () => true,
  };
  const client = createBaileysClient({
    sessions: {
      ...store.sessions,
      async commit(tenure, changes) {
        await store.sessions.commit(tenure, changes);
        await hooks.committed(changes);
      },
      async readKeys(instanceId, type, ids) {
        await hooks.reading(type);
        return store.sessions.readKeys(instanceId, type, ids);
      },
    },
    journal: {
      ...store.journal,
      async findPlaintext(...query) {
        await hooks.asked();
        return store.journal.findPlaintext(...query);
      },
    },
    memos: store.memos, messages: store.messages, network, clock, random: createSystemRandom(), isCurrent: () => hooks.isCurrent(),
    logger: collectingLogger(lines), onFatal: (_tenure, error) => fatal.push(error),
  });
  const receive = createReceiveMessage({
    messages: store.messages, clock,
    outlet: {
      prepare: async (instanceId, fact, identity, lane) => [{
        id: randomUUID(), webhookId: 'hook', instanceId, eventType: fact.type, lane, body: JSON.stringify(fact.data), createdAt: clock.now(),
        eventId: createHash('sha256').update(JSON.stringify(identity)).digest('hex'),
      }],
      publish: async () => {},
      wake: () => {},
    },
  });

  let socket: WhatsAppSocket | null = null;
  let isOpen = false;
  let restart = false;
  let qr = '';
  const handlers: SocketHandlers = {
    onQr: text => { qr = text; },
    onPaired: () => {},
    onOpen: () => { isOpen = true; },
    onCaughtUp: () => {},
    onClose: ({ cause }) => { restart = cause === 'restart_required'; },
    async onMessage(message) {
      await hooks.beforeMessage(message);
      await receive(soleTenure(INSTANCE), message);
    },
    onServerAck: async () => {},
    async onReceipt(receipt) {
      await hooks.receipt(receipt);
      receipts.push(receipt);
    },
    onActivity: () => {},
  };

  async function connect(): Promise<WhatsAppSocket> {
    isOpen = false;
    socket = await client.open(soleTenure(INSTANCE), handlers);
    await until('the socket is open, or shows a QR', () => isOpen || qr !== '');
    return socket;
  }

  async function disconnect(): Promise<void> {
    await socket?.close();
    socket = null;
  }

  await connect();
  simulator.phones.add(phone);
  await simulator.phones.scan(phone, qr);
  await until('the pairing asks for a restart', () => restart);
  await disconnect();
  qr = '';
  await connect();
  const journaled = () => store.journal.listUndone(INSTANCE, 0, 1_000);
  // What the phone sends to a new device: keys, and two parts of a history.
  await until('the bootstrap is there', async () => (await journaled()).filter(fromPhone).length === 3);

  return {
    store, client, handlers, hooks, fatal, lines, receipts, connect, disconnect,
    socket: () => socket as WhatsAppSocket,
    /** What was decrypted and is not taken care of; the bootstrap left out. */
    undone: async () => (await journaled()).filter(row => !fromPhone(row)),
    pending: () => simulator.phones.get(phone).devices[0]?.pending ?? { messages: -1, receipts: -1, notifications: -1 },
    /** Message ids of what is stored, oldest first. */
    stored: async () => (await store.messages.list(INSTANCE, { limit: 1_000, direction: 'in' })).messages.map(({ messageId }) => messageId).reverse(),
    /** Message ids of the events, oldest first. */
    events: async () => (await store.deliveries.list('hook', { limit: 1_000 })).deliveries.map(({ body }) => (JSON.parse(body) as { messageId: string }).messageId).reverse(),
    /** Nothing that goes on from here reaches the store or the wire: as if the process had ended. */
    async kill() {
      hooks.committed = () => new Promise(() => {});
      hooks.beforeMessage = () => new Promise(() => {});
      await Promise.race([disconnect(), new Promise(resolve => setTimeout(resolve, 3_000))]);
      socket = null;
      hooks.committed = async () => {};
      hooks.beforeMessage = async () => {};
    },
    async stop() {
      await disconnect();
      await network.close();
      await store.close();
    },
  };
}

/** The simulator's phone gives its bootstrap such ids. */
const fromPhone = ({ messageId }: { messageId: string }) => messageId.startsWith('3E');

export type Receiver = Awaited<ReturnType<typeof openReceiver>>;
