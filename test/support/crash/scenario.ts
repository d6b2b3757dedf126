import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSimulator, silenceLibsignal, type Simulator } from '@simulator/index.js';
import { api, type Api } from '../api.js';
import { freePort, startProcess, untilUp, type TestProcess } from '../processes.js';
import { until } from '../until.js';
import { readEvents, startWebhookReceiver, type WebhookReceiver } from '../webhook-receiver.js';

export interface CrashOptions {
  kills: number;
  sends: number;
  incoming: number;
  contacts: number;
  /** What is killed: one gateway with its data directory, unless told otherwise. */
  fleet?: (simulator: Simulator) => Promise<Fleet>;
  /** Further settings of that one gateway, such as REDIS_URL. */
  env?: Record<string, string>;
  /** Something that happens between two kills, such as an emptied Redis. */
  between?: (kill: number) => Promise<void>;
}

/** One gateway, as one process or several. */
export interface Fleet {
  /** Any process that is up. */
  rest(): Api;
  /** Kills a process, calls `between`, and sees to it that a process stands in its place. */
  killOne(between: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

/** What the run came to; a promise that was kept shows as 0. */
export interface CrashCounts {
  kills: number;
  accepted: number;
  notDelivered: number;
  notShown: number;
  shownTwice: number;
  shownInWrongOrder: number;
  written: number;
  notReported: number;
  withTwoEventIds: number;
  contactsThatCannotRead: number;
  pairings: number;
  /** Messages that a phone or contact could not decrypt, at the first try. */
  decryptFailures: number;
}

const PHONE = '15550001111';
const KEY = 'key-of-the-crash-test';
const SECRET = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
const SETTLE_MS = 120_000;

/**
 * A gateway as a process, with traffic both ways, that is killed with -9 at random moments and started again at once. Afterwards every
 * accepted message must have been shown once, and every incoming one reported under one event id.
 */
export async function runCrashScenario(options: CrashOptions): Promise<CrashCounts> {
  silenceLibsignal();
  const simulator = createSimulator({ quickPairing: true });
  await simulator.start();
  const receiver = await startWebhookReceiver(SECRET);
  const fleet = await (options.fleet ?? (() => startOne(simulator.controlUrl, options.env)))(simulator);

  try {
    await pair(simulator, fleet.rest());
    await fleet.rest().post('/instances/demo/webhooks', { url: receiver.url, secret: SECRET, events: ['message.received', 'message.ack'] }, 201);
    const traffic = startTraffic(simulator, fleet, options);
    for (let count = 1; count <= options.kills; count += 1) {
      traffic.burst(count / options.kills);
      // Moments of every kind: while it starts, connects, catches up, sends and receives.
      await new Promise(resolve => setTimeout(resolve, randomInt(20, 2_000)));
      await fleet.killOne(async () => options.between?.(count));
    }
    const { accepted, written } = await traffic.end();
    const rest = fleet.rest();
    await rest.untilStatus('demo', 'CONNECTED', 60_000);
    await settle(rest, receiver, accepted, written);
    return { ...await count(simulator, rest, receiver, options, accepted, written), kills: options.kills };
  } finally {
    await fleet.stop();
    await receiver.close();
    await simulator.stop();
  }
}

/** One gateway on a data directory of its own, on one port over all its lives. */
async function startOne(simulatorUrl: string, env: Record<string, string> = {}): Promise<Fleet> {
  const dataDir = await mkdtemp(join(tmpdir(), 'chasqui-crash-'));
  const port = await freePort();
  const rest = api(`http://127.0.0.1:${port}`, KEY);
  let gateway: TestProcess | null = null;
  const start = async () => {
    gateway = startProcess('src/main.js', {
      PORT: String(port), DATA_DIR: dataDir, CHASQUI_API_KEY: KEY, WHATSAPP_NETWORK: 'sandbox', SIMULATOR_URL: simulatorUrl, LOG_LEVEL: 'warn', ...env,
    });
    await untilUp(`http://127.0.0.1:${port}/ready`, gateway);
  };
  await start();
  return {
    rest: () => rest,
    async killOne(between) {
      await gateway?.end('SIGKILL');
      await between();
      await start();
    },
    async stop() {
      await gateway?.end('SIGKILL');
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function pair(simulator: Simulator, rest: Api): Promise<void> {
  await rest.post('/instances', { instanceId: 'demo', settings: { sendIntervalMs: 0 } }, 201);
  simulator.phones.add(PHONE);
  const { qr } = await rest.post('/instances/demo/connect', undefined, 200) as { qr: string };
  await simulator.phones.scan(PHONE, qr);
  await rest.untilStatus('demo', 'CONNECTED');
}

export const contactNumber = (index: number): string => String(15550004000 + index);

interface Accepted { messageId: string; contact: string; text: string }

/** Sends and incoming messages, spread over the kills; a send that meets a dead gateway is repeated under its key until it is accepted. */
function startTraffic(simulator: Simulator, fleet: Fleet, { sends, incoming, contacts }: CrashOptions) {
  const accepted: Accepted[] = [];
  const written: string[] = [];
  const lines = Array.from({ length: contacts }, () => Promise.resolve());
  let queued = 0;
  let wrote = 0;

  async function send(number: number, contact: string): Promise<void> {
    const text = `message ${number}`;
    for (const deadline = Date.now() + SETTLE_MS; Date.now() < deadline;) {
      const answer = await fleet.rest().raw('/instances/demo/messages/text?async=true', {
        method: 'POST', headers: { 'content-type': 'application/json', 'idempotency-key': `send-${number}` }, body: JSON.stringify({ to: contact, text }),
      }).catch(() => null);
      const body = await answer?.json().catch(() => null) as { messageId: string } | null;
      if (answer?.status === 202 && body) {
        accepted.push({ messageId: body.messageId, contact, text });
        return;
      }
      if (answer && answer.status < 500) throw new Error(`${answer.status}: ${JSON.stringify(body)}`);
      await new Promise(resolve => setTimeout(resolve, 50));
    }
    throw new Error(`message ${number} was never accepted`);
  }

  /** Brings sends and incoming messages up to this share of the whole. Each contact's messages are accepted in order. */
  function burst(share: number): void {
    for (; queued < Math.round(sends * share); queued += 1) {
      const number = queued;
      const line = number % contacts;
      lines[line] = lines[line]?.then(() => send(number, contactNumber(line))) ?? Promise.resolve();
    }
    for (; wrote < Math.round(incoming * share); wrote += 1) {
      void simulator.contacts.write(contactNumber(wrote % contacts), { to: PHONE, text: `incoming ${wrote}` }).then(({ messageId }) => written.push(messageId));
    }
  }

  return {
    burst,
    async end() {
      burst(1);
      await Promise.all(lines);
      await until('all was written', () => written.length === incoming);
      return { accepted, written };
    },
  };
}

/** Waits until nothing is missing any more, or for the time that is given; what is missing then is counted. */
async function settle(rest: Api, receiver: WebhookReceiver, accepted: Accepted[], written: string[]): Promise<void> {
  await until('all was sent', async () => {
    const { queue } = await rest.get('/instances/demo/status') as { queue: { queued: number; sending: number } };
    return queue.queued + queue.sending === 0;
  }, SETTLE_MS).catch(() => {});
  const events = readEvents<Event>(receiver);
  const delivered = () => new Set(events().filter(({ type, data }) => type === 'message.ack' && data.status === 'delivered').map(({ data }) => data.messageId));
  const reported = () => new Set(events().filter(({ type }) => type === 'message.received').map(({ data }) => data.messageId));
  await until('all was reported', () => {
    const [acked, received] = [delivered(), reported()];
    return accepted.every(({ messageId }) => acked.has(messageId)) && written.every(messageId => received.has(messageId));
  }, 30_000).catch(() => {});
}

interface Event { id: string; type: string; data: { messageId: string; status?: string } }

async function count(simulator: Simulator, rest: Api, receiver: WebhookReceiver, { contacts }: CrashOptions, accepted: Accepted[], written: string[]): Promise<Omit<CrashCounts, 'kills'>> {
  const numbers = Array.from({ length: contacts }, (_, index) => contactNumber(index));
  const received = new Map(numbers.map(number => [number, simulator.contacts.received(number)]));
  const shown = new Map([...received.values()].flat().map(message => [message.messageId, message.times]));
  const eventsNow = readEvents<Event>(receiver);
  const events = eventsNow().filter(({ type }) => type === 'message.received');
  const ids = new Map<string, Set<string>>();
  for (const { id, data } of events) ids.set(data.messageId, (ids.get(data.messageId) ?? new Set()).add(id));

  let notDelivered = 0;
  for (const { messageId } of accepted) {
    const { status } = await rest.get(`/instances/demo/messages/${messageId}`) as { status: string };
    if (status !== 'delivered') notDelivered += 1;
  }
  const { pairings, decryptFailures } = simulator.stats();
  const inWrongOrder = numbers.filter(number => {
    const texts = received.get(number)?.map(({ text }) => text) ?? [];
    return JSON.stringify(texts) !== JSON.stringify(accepted.filter(({ contact }) => contact === number).map(({ text }) => text));
  });
  let contactsThatCannotRead = 0;
  for (const number of numbers) {
    const { messageId } = await rest.post('/instances/demo/messages/text', { to: number, text: 'Can you read this?' }, 201) as { messageId: string };
    const reads = await until('the contact reads', () => simulator.contacts.received(number).some(message => message.messageId === messageId)).then(() => true, () => false);
    const { messageId: answer } = await simulator.contacts.write(number, { to: PHONE, text: 'Yes.' });
    const isRead = await until('the answer is read', () => eventsNow().some(({ data }) => data.messageId === answer)).then(() => true, () => false);
    if (!reads || !isRead) {
      console.log(`${number}: message ${messageId} ${reads ? 'was' : 'was not'} read, answer ${answer} ${isRead ? 'was' : 'was not'} reported`);
      contactsThatCannotRead += 1;
    }
  }
  return {
    accepted: accepted.length,
    notDelivered,
    notShown: accepted.filter(({ messageId }) => !shown.has(messageId)).length,
    shownTwice: [...shown.values()].filter(times => times > 1).length,
    shownInWrongOrder: inWrongOrder.length,
    written: written.length,
    notReported: written.filter(messageId => !ids.has(messageId)).length,
    withTwoEventIds: [...ids.values()].filter(set => set.size > 1).length,
    contactsThatCannotRead,
    pairings,
    decryptFailures,
  };
}
