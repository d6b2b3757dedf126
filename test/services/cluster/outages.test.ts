import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type Cluster, type TestNode } from '../../support/cluster/cluster.js';
import { startReads, type ReadOutcome } from '../../support/cluster/reads.js';
import { countAnswers, startSynchronousSends, type SendOutcome } from '../../support/cluster/synchronous-sends.js';
import { contactOf, NOTHING_WRONG, startTraffic } from '../../support/cluster/traffic.js';
import { isAlive } from '../../support/sandbox-process.js';
import { until } from '../../support/until.js';
import { startWebhookReceiver, type WebhookReceiver } from '../../support/webhook-receiver.js';

const INSTANCES = 9;
/** One that the database holds: the nodes have to look it up. */
const STORED_KEY = 'chq_of-the-readers';
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const HEALTHY_WITHIN_MS = 30_000;
/** Lines at warn and above that a node may write about one outage, with nine instances: some for each instance, never one for each query or request. */
const LINES_PER_OUTAGE = 40;
const phones = new Map(Array.from({ length: INSTANCES }, (_, index) => [`shop-${index}`, String(15550200000 + index)]));

let cluster: Cluster;
let receiver: WebhookReceiver;
let traffic: ReturnType<typeof startTraffic>;
let asking: ReturnType<typeof startSynchronousSends>;
let reads: ReturnType<typeof startReads>;
let pids: number[];

beforeAll(async () => {
  cluster = await startCluster();
  receiver = await startWebhookReceiver(SECRET);
  for (const [instanceId, phone] of phones) {
    await cluster.pair(instanceId, phone, { sendIntervalMs: 0 });
    await cluster.next().api.post(`/instances/${instanceId}/webhooks`, { url: receiver.url, secret: SECRET, events: ['message.received', 'message.ack'] }, 201);
    // Known to each other before anything is counted.
    await cluster.next().api.post(`/instances/${instanceId}/messages/text`, { to: contactOf(phone), text: 'Hello' }, 201);
  }
  await cluster.query('INSERT INTO "ApiKey" (id, name, hash, "createdAt") VALUES ($1, $1, $2, 0)', ['readers', createHash('sha256').update(STORED_KEY).digest('hex')]);
  pids = cluster.nodes.map(node => node.process.pid);
  traffic = startTraffic(cluster, { phones, receiver, everyMs: 150 });
  asking = startSynchronousSends(cluster, { phones, everyMs: 300 });
  reads = startReads(cluster, { instanceIds: [...phones.keys()], key: STORED_KEY, everyMs: 150 });
}, 120_000);
afterAll(async () => {
  // Where a test failed, or ran alone, it still goes on.
  await Promise.race([Promise.allSettled([asking?.stop(), reads?.stop(), traffic?.stop(0)]), time(10_000)]);
  await receiver?.close();
  await cluster?.stop();
});

test('PostgreSQL is restarted', { timeout: 120_000 }, () => outage(() => cluster.postgres.restart()));

test('PostgreSQL crashes and is back after 5 s', { timeout: 120_000 }, () => outage(async () => {
  await cluster.postgres.kill();
  await time(5_000);
  await cluster.postgres.start();
}));

test('PostgreSQL is away for 25 s, longer than any lease lasts', { timeout: 120_000 }, () => outage(async () => {
  await cluster.postgres.stop();
  await time(25_000);
  await cluster.postgres.start();
}));

test('PostgreSQL hangs for 20 s', { timeout: 120_000 }, () => outage(async () => {
  cluster.postgres.freeze();
  await time(20_000);
  cluster.postgres.resume();
}));

test('Redis is restarted', { timeout: 120_000 }, () => redisOutage(() => cluster.redis.restart()));

test('Redis is emptied', { timeout: 120_000 }, () => redisOutage(() => cluster.redis.flush()));

test('Redis is away for 20 s', { timeout: 120_000 }, () => redisOutage(async () => {
  await cluster.redis.stop();
  await time(20_000);
  await cluster.redis.start();
}));

test('Redis hangs for 20 s', { timeout: 120_000 }, () => redisOutage(async () => {
  cluster.redis.freeze();
  await time(20_000);
  cluster.redis.resume();
}));

test('nothing was lost, nothing was shown twice, and every answer was true', { timeout: 240_000 }, async () => {
  const [outcomes, seen] = [await asking.stop(), await reads.stop()];
  const { accepted, written, ...wrong } = await traffic.stop();
  console.log({ accepted, written, sends: countAnswers(outcomes), reads: countAnswers(seen), slowest: Math.max(...[...outcomes, ...seen].map(({ tookMs }) => tookMs)) });
  expect(wrong).toEqual(NOTHING_WRONG);
  expect(outcomes.filter(isUnclear)).toEqual([]);
  expect(outcomes.filter(isUntrue)).toEqual([]);
  expect(seen.filter(({ status, retryAfter, body }) => status !== 200 && !(status === 503 && retryAfter !== null && body.code !== undefined))).toEqual([]);

  expect(cluster.nodes.map(node => node.process.pid)).toEqual(pids);
  expect(pids.filter(pid => !isAlive(pid))).toEqual([]);
  const complaints = cluster.nodes.flatMap(node => node.complaints());
  expect(complaints.filter(({ level }) => level === 60)).toEqual([]);
  expect(complaints.filter(({ msg }) => msg === 'a rejection was not handled')).toEqual([]);
  // No ratchet was harmed, on either side.
  expect(cluster.simulator.stats()).toMatchObject({ pairings: INSTANCES, decryptFailures: 0, retriesAnswered: 0 });
});

test('a node that is stopped while PostgreSQL is away ends in order, and one that is started then waits for it', { timeout: 120_000 }, async () => {
  const [node] = cluster.nodes as [TestNode];
  await cluster.postgres.stop();
  expect(await node.end('SIGTERM')).toBe(0);
  const starting = node.start();
  await time(5_000);
  await cluster.postgres.start();
  await starting;
  await untilHealthy(Date.now() + HEALTHY_WITHIN_MS);
});

test('a node that is stopped while Redis is away ends in order, and one that is started then does what needs no Redis', { timeout: 120_000 }, async () => {
  const [, node] = cluster.nodes as [TestNode, TestNode];
  await cluster.redis.stop();
  expect(await node.end('SIGTERM')).toBe(0);
  await node.start();
  expect(await node.api.get('/instances')).toMatchObject({ instances: [...phones.keys()].map(instanceId => ({ instanceId })) });
  await cluster.redis.start();
  await untilHealthy(Date.now() + HEALTHY_WITHIN_MS);
});

/** The same, and what needs no other node is answered all the while: nobody is shown as disconnected. */
async function redisOutage(work: () => Promise<void>): Promise<void> {
  const from = Date.now();
  await outage(work);
  const isRight = ({ path, status, body }: ReadOutcome) => status === 200 && (!path.endsWith('/status') || body.status === 'CONNECTED');
  expect(reads.between(from, Date.now()).filter(read => !read.path.endsWith('/webhooks') && !isRight(read))).toEqual([]);
}

/** Runs it under load; the cluster must be healthy soon after, and have said little about it. */
async function outage(work: () => Promise<void>): Promise<void> {
  const before = cluster.nodes.map(node => node.complaints().length);
  const started = Date.now();
  await work();
  const back = Date.now();
  await untilHealthy(back + HEALTHY_WITHIN_MS);
  const lines = cluster.nodes.map((node, index) => node.complaints().slice(before[index]));
  console.log(`away for ${back - started} ms, healthy ${Date.now() - back} ms after that, lines ${lines.map(({ length }) => length).join(', ')}`);
  for (const said of lines) expect(said.length, said.map(line => String(line['msg'])).join('\n')).toBeLessThan(LINES_PER_OUTAGE);
}

/** Every node is ready, every instance CONNECTED as every node sees it, and a synchronous send on it works. */
async function untilHealthy(deadline: number): Promise<void> {
  const left = () => Math.max(1, deadline - Date.now());
  let missing = '';
  const soon = async (what: string, path: string, init: RequestInit, isGood: (answer: Response) => Promise<boolean>, node = cluster.next()) => {
    const name = `${what} on ${node.name}`;
    try {
      const answer = await node.api.raw(path, { ...init, signal: AbortSignal.timeout(left()) });
      if (await isGood(answer.clone())) return true;
      missing = `${name}: ${answer.status} ${await answer.text()}`;
    } catch (error) {
      missing = `${name}: ${String(error)}`;
    }
    return false;
  };

  const allSoon = async (checks: Promise<boolean>[]) => (await Promise.all(checks)).every(Boolean);
  async function isHealthy(): Promise<boolean> {
    const isConnected = async (answer: Response) => (await answer.json() as { status?: string }).status === 'CONNECTED';
    for (const node of cluster.nodes) {
      if (!await soon('ready', '/ready', {}, async answer => answer.ok, node)) return false;
      if (!await allSoon([...phones.keys()].map(instanceId => soon(instanceId, `/instances/${instanceId}/status`, {}, isConnected, node)))) return false;
    }
    return allSoon([...phones].map(([instanceId, phone]) => soon(`send of ${instanceId}`, `/instances/${instanceId}/messages/text`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ to: contactOf(phone), text: 'All well?' }),
    }, async answer => answer.status === 201)));
  }
  await until('the cluster is healthy', isHealthy, left()).catch((error: unknown) => {
    throw new Error(`${String(error)}; ${missing}\n${cluster.nodes.map(node => `${node.name}\n${node.process.output().slice(-3_000)}`).join('\n')}`);
  });
}

/** Neither an acknowledgement, nor a 503 that says when to come again, nor a 504 that names the message whose end is open. */
function isUnclear({ status, retryAfter, body }: SendOutcome): boolean {
  if (status === 201) return false;
  if (status === 503) return retryAfter === null || body.code === undefined;
  return !(status === 504 && body.code === 'whatsapp_ack_timeout' && body.messageId !== undefined);
}

/** It says that the message arrived, and it did not; or it says nothing of a message that may have gone out, and it arrived. */
function isUntrue({ text, contact, status, body }: SendOutcome): boolean {
  const times = cluster.simulator.contacts.received(contact).filter(message => message.text === text).reduce((sum, message) => sum + message.times, 0);
  const wasLeftOpen = body.messageId !== undefined && body.sent !== false;
  return status === 201 ? times !== 1 : times > (wasLeftOpen ? 1 : 0);
}

async function time(ms: number): Promise<void> {
  const until = Date.now() + ms;
  while (Date.now() < until) await new Promise(resolve => setTimeout(resolve, 100));
}
