import fc from 'fast-check';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { operationsOf, type OpenApi, type Operation } from '../support/fuzz/operations.js';
import { rawBytes, sendRaw } from '../support/fuzz/raw-bytes.js';
import { badKeys, badRequests, type BadRequest, type KnownIds } from '../support/fuzz/requests.js';
import { snapshotOf } from '../support/fuzz/snapshot.js';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

/*
 * Generated bad requests over every route that the gateway describes: FUZZ_REQUESTS in all, from FUZZ_SEED. What fails is shrunk, and said with its seed.
 */
const REQUESTS = Number(process.env['FUZZ_REQUESTS'] ?? 2_000);
/** Without a number, the same at every run; with one, new ones each time. */
const SEED = Number(process.env['FUZZ_SEED'] ?? (process.env['FUZZ_REQUESTS'] ? Date.now() % 2 ** 31 : 20_261_123));
/** Sent at the same time; a failure is shrunk to one of them. */
const AT_ONCE = 20;
const ANSWER_WITHIN_MS = 40_000;

type Undici = typeof import('../../server/node_modules/undici/index.js');
const { Pool } = createRequire(new URL('../../server/package.json', import.meta.url))('undici') as Undici;

let stack: Stack;
let pool: InstanceType<Undici['Pool']>;
let api: OpenApi;
let operations: Operation[];
let ids: KnownIds;
const unhandled: unknown[] = [];
const note = (error: unknown) => void unhandled.push(error);
const answers = new Map<string, number>();

beforeAll(async () => {
  process.on('unhandledRejection', note);
  // Everybody here has one address: with the limit of failed logins, most would be turned away at the door.
  stack = await startStack({ env: { LOGIN_FAILURES_PER_MINUTE: '0' } });
  pool = new Pool(stack.gatewayUrl, { connections: AT_ONCE, headersTimeout: ANSWER_WITHIN_MS, bodyTimeout: ANSWER_WITHIN_MS });
  api = await stack.api.get('/openapi.json') as OpenApi;
  operations = operationsOf(api);
  // Something that a request could harm.
  await stack.api.post('/instances', { instanceId: 'other' }, 201);
  const webhook = await stack.api.post('/instances/other/webhooks', { url: 'http://127.0.0.1:9/', events: ['message.ack', 'instance.status'] }, 201) as { id: string };
  const queued = await stack.api.post('/instances/other/messages/text?async=true', { to: '+1 555 000 2222', text: 'waits' }, 202) as { messageId: string };
  // Sends are written to the audit log just behind their answer.
  let last = '';
  await until('what was done is on disk', async () => {
    const before = last;
    last = JSON.stringify(snapshotOf(stack.dataDir));
    await new Promise(resolve => setTimeout(resolve, 300));
    return last === before;
  });
  ids = { instanceId: ['other'], webhookId: [webhook.id], messageId: [queued.messageId] };
}, 60_000);

afterAll(async () => {
  await pool?.destroy();
  await stack?.stop();
  process.off('unhandledRejection', note);
  console.info(`generated requests: seed ${SEED}; answers ${[...answers].sort().map(([status, count]) => `${status}: ${count}`).join(', ')}`);
}, 60_000);

const count = (what: string) => answers.set(what, (answers.get(what) ?? 0) + 1);

async function send({ operation, method, path, headers, body }: BadRequest, key: Record<string, string>): Promise<number> {
  const what = `${method} ${path.slice(0, 300)} ${JSON.stringify({ ...headers, ...key }).slice(0, 500)} ${String(body).slice(0, 500)}`;
  const answer = await pool.request({ method: method as 'GET', path, headers: { ...headers, ...key }, body });
  const text = await answer.body.text();
  const status = answer.statusCode;
  count(String(status));
  const said = `${what} → ${status} ${text.slice(0, 400)}`;
  if (status >= 500) expect([...operation.statuses], said).toContain(status);
  expect(status, said).not.toBe(500);
  if (status >= 400) {
    expect(answer.headers['content-type'], said).toBe('application/problem+json');
    expect(JSON.parse(text), said).toMatchObject({ status, code: expect.any(String), detail: expect.any(String), requestId: expect.any(String) });
    expect(text, said).not.toMatch(/\.[jt]s:\d+|node_modules|SQLITE|Prisma|\bat \w+ \(/);
  }
  if (status < 300 && text.startsWith('{')) learn(operation, answer.headers.location, JSON.parse(text));
  return status;
}

/** Remembers the names of rows that an answer tells, so that later requests meet them: by the addresses that have them in them. */
function learn({ path }: Operation, location: unknown, answer: object): void {
  const below = operations.map(operation => operation.path).filter(other => other.startsWith(`${path}/{`));
  const name = below[0]?.slice(path.length).match(/^\/\{(\w+)\}/)?.[1];
  if (name === undefined || name === 'instanceId') return;
  const told = typeof location === 'string' ? [location.split('/').at(-1)] : Object.values(answer).filter(Array.isArray).flat().map((row: Record<string, unknown> | null) => row?.[name] ?? row?.['id']);
  ids[name] = [...new Set([...ids[name] ?? [], ...told.filter(id => typeof id === 'string')])].slice(-20);
}

/** What requests have deleted is there again, so that the next ones find something. */
async function revive(): Promise<void> {
  const post = (path: string, body?: object) => stack.api.raw(path, { method: 'POST', ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}) }).then(answer => answer.text());
  for (const instanceId of ids['instanceId'] ?? []) {
    await post('/instances', { instanceId });
    await post(`/instances/${instanceId}/restore`);
  }
  await post('/instances/other/webhooks', { url: 'http://127.0.0.1:9/', events: ['message.ack', 'instance.status'] });
}

function check(requests: fc.Arbitrary<BadRequest>, keys: fc.Arbitrary<Record<string, string>>, howMany: number, judge: (request: BadRequest, status: number) => unknown, after: () => unknown = () => undefined): Promise<void> {
  const batches = fc.array(fc.tuple(requests, keys), { minLength: AT_ONCE, maxLength: AT_ONCE });
  return fc.assert(fc.asyncProperty(batches, async batch => {
    // All of them, so that none of this batch is under way in the next one.
    const ends = await Promise.allSettled(batch.map(async ([request, key]) => judge(request, await send(request, key))));
    const failed = ends.find(end => end.status === 'rejected');
    if (failed) throw failed.reason;
    await after();
  }), { numRuns: Math.ceil(howMany / AT_ONCE), seed: SEED, endOnFailure: howMany > 1_000 });
}

const share = (part: number) => Math.ceil(REQUESTS * part);

test('without a key nothing changes, whatever is sent', async () => {
  const before = snapshotOf(stack.dataDir);
  await check(badRequests(api, operations, ids), badKeys, share(0.3), ({ operation, path }, status) => {
    if (status < 400) expect(operation.isOpen, `${operation.method} ${path} answered ${status} without a key`).toBe(true);
  });
  expect(snapshotOf(stack.dataDir)).toEqual(before);
}, 600_000);

test('bytes that are not quite HTTP, without a key: a clear answer or a closed connection, and nothing changes', async () => {
  const before = snapshotOf(stack.dataDir);
  await checkRaw([], share(0.15));
  expect(snapshotOf(stack.dataDir)).toEqual(before);
}, 600_000);

test('with a key: no failure but those that are described', async () => {
  await stack.pair('demo', '15550001111');
  ids['instanceId'] = ['demo', 'other'];
  await check(badRequests(api, operations, ids), fc.constant({ 'x-api-key': stack.apiKey }), share(0.4), () => undefined, revive);
}, 900_000);

test('bytes that are not quite HTTP, with a key', async () => {
  await checkRaw([`X-API-Key: ${stack.apiKey}`, `X-API-Key: ${stack.apiKey}`, `X-API-Key: ${stack.apiKey}`], share(0.15));
}, 600_000);

test('the gateway is as well as before, and nothing took it by surprise', async () => {
  expect(await stack.api.get('/health')).toMatchObject({ status: expect.any(String) });
  await stack.api.post('/instances', { instanceId: 'afterwards' }, 201);
  await stack.api.post('/instances/afterwards/messages/text?async=true', { to: '+1 555 000 2222', text: 'still there' }, 202);
  expect(({} as Record<string, unknown>)['admin'], 'the prototype of all objects').toBeUndefined();
  expect(unhandled).toEqual([]);
  expect(stack.complaints.filter(({ level, msg }) => Number(level) >= 50 || /unexpectedly|not handled/.test(String(msg)))).toEqual([]);
});

function checkRaw(headers: string[], howMany: number): Promise<void> {
  const { port } = new URL(stack.gatewayUrl);
  return fc.assert(fc.asyncProperty(fc.array(rawBytes(headers), { minLength: AT_ONCE, maxLength: AT_ONCE }), async batch => {
    const ends = await Promise.all(batch.map(bytes => sendRaw(Number(port), bytes, 20_000)));
    ends.forEach(({ statuses, closed, bytes }, index) => {
      const said = `${JSON.stringify(batch[index]?.toString('latin1').slice(0, 600))} → ${JSON.stringify(bytes.slice(0, 400))}`;
      count(statuses.length === 0 ? 'closed' : 'raw');
      expect(closed, `the connection was left open: ${said}`).toBe(true);
      for (const status of statuses) expect(status < 500 || status === 503, said).toBe(true);
      expect(bytes === '' || bytes.startsWith('HTTP/1.1 '), said).toBe(true);
    });
  }), { numRuns: Math.ceil(howMany / AT_ONCE), seed: SEED, endOnFailure: howMany > 1_000 });
}
