import { createRequire } from 'node:module';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readConfig } from '@gateway/config.js';
import { collectingLogger } from '../support/logger.js';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

/*
 * A gateway at level trace, requests that go well and requests that fail, all with secrets that cannot be mistaken: none of them may turn up in the log, in an
 * answer that is a problem, or in the audit log.
 */
const PASSWORD = 'REDIS-password-4711';
const TOKEN = 'HEADER-token-4711';
const URL_TOKEN = 'URL-token-4711';
const SECRET = `whsec_${Buffer.from('WEBHOOK-secret-4711-0123456789abcdef').toString('base64')}`;
const TEXT = 'MESSAGE-text-4711';
const WRONG_KEY = 'WRONG-key-4711';
const ENCRYPTION_KEY = Buffer.from('ENCRYPTION-key-4711-0123456789ab').toString('base64');
const NEW_MASTER_KEY = Buffer.from('NEW-master-key-4711-0123456789ab').toString('base64');

const lines: Record<string, unknown>[] = [];
const problems: string[] = [];
/** Secrets that the gateway made itself. */
const made: string[] = [];
let stack: Stack;
let receiver: Server;
let hooks = 0;

beforeAll(async () => {
  receiver = createServer((request, response) => {
    hooks += 1;
    request.resume();
    response.writeHead(request.url?.startsWith('/well') ? 200 : 500).end(`${TOKEN} in an answer`);
  });
  await new Promise<void>(resolve => receiver.listen(0, '127.0.0.1', resolve));
  stack = await startStack({
    logger: collectingLogger(lines, 'trace'),
    // Nobody listens there: the gateway runs without Redis, and says so.
    env: { REDIS_URL: `redis://user:${PASSWORD}@127.0.0.1:9/`, CHASQUI_ENCRYPTION_KEY: ENCRYPTION_KEY },
  });
}, 60_000);
afterAll(async () => {
  await stack?.stop();
  receiver.closeAllConnections();
  receiver.close();
});

async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<{ status: number; json: Record<string, unknown> }> {
  const sent = typeof body === 'string' ? body : body === undefined ? null : JSON.stringify(body);
  const answer = await fetch(stack.gatewayUrl + path, { method, headers: { 'x-api-key': stack.apiKey, ...(sent === null ? {} : { 'content-type': 'application/json' }), ...headers }, body: sent });
  const text = await answer.text();
  if (answer.status >= 400) problems.push(text);
  return { status: answer.status, json: (/json/.test(answer.headers.get('content-type') ?? '') ? JSON.parse(text) : {}) as Record<string, unknown> };
}

it('requests that go well, and requests that fail in every way', async () => {
  const { port } = receiver.address() as AddressInfo;
  const hook = (path: string) => `http://127.0.0.1:${port}/${path}?token=${URL_TOKEN}`;
  const webhooks = '/instances/demo/webhooks';
  const events = ['message.received', 'message.ack', 'instance.status'];
  expect((await call('POST', '/instances', { instanceId: 'demo' })).status).toBe(201);
  for (const path of ['well', 'ill']) {
    const { status, json } = await call('POST', webhooks, { url: hook(path), events, secret: SECRET, headers: { Authorization: `Bearer ${TOKEN}` } });
    expect(status).toBe(201);
    const rotated = await call('POST', `${webhooks}/${String(json['id'])}/rotate-secret`, {});
    expect(rotated.status).toBe(200);
    made.push(String(rotated.json['secret']));
  }
  await call('POST', '/instances', { instanceId: 'other' });
  const qr = await call('POST', '/instances/other/connect');
  made.push(String(qr.json['qr']));
  const link = new URL(String((await call('POST', '/instances/other/qr-link')).json['url']));
  const signature = link.searchParams.get('signature') ?? '';
  expect(signature.length).toBeGreaterThan(20);
  made.push(signature);
  const page = link.pathname + link.search;
  expect((await call('GET', page, undefined, { 'x-api-key': '' })).status).toBe(200);
  expect((await call('GET', page.replace('other', 'demo'), undefined, { 'x-api-key': '' })).status).toBe(401);
  const code = await call('POST', '/instances/other/pairing-code', { phoneNumber: '15550009999' });
  if (typeof code.json['code'] === 'string') made.push(code.json['code']);

  // `demo` is there already.
  stack.simulator.phones.add('15550001111');
  const demo = await call('POST', '/instances/demo/connect');
  made.push(String(demo.json['qr']));
  await stack.simulator.phones.scan('15550001111', String(demo.json['qr']));
  await stack.api.untilStatus('demo', 'CONNECTED');
  const text = '/instances/demo/messages/text';
  expect((await call('POST', text, { to: '+1 555 000 2222', text: TEXT })).status).toBe(201);
  expect((await call('POST', `${text}?async=true`, { to: '+1 555 000 2222', text: TEXT })).status).toBe(202);
  await call('POST', text, { to: '999123', text: TEXT });
  await call('POST', text, { to: '+1 555 000 2222', text: [TEXT] });
  await call('POST', '/instances/demo/messages/image', { to: '+1 555 000 2222', url: `http://127.0.0.1:9/${URL_TOKEN}?token=${URL_TOKEN}`, caption: TEXT });
  await call('POST', '/instances/demo/messages/image', { to: '+1 555 000 2222', url: hook('ill'), caption: TEXT });
  await call('POST', '/instances/demo/messages/image', { to: '+1 555 000 2222', url: `http://user:${TOKEN}@127.0.0.1:9/`, caption: TEXT });

  const wrongKeys: Record<string, string>[] = [{ 'x-api-key': WRONG_KEY }, { 'x-api-key': '', authorization: `Bearer ${WRONG_KEY}` }, { 'x-api-key': '', authorization: `Basic ${WRONG_KEY}` }];
  for (const headers of wrongKeys) {
    expect((await call('GET', '/instances', undefined, headers)).status).toBe(401);
  }
  for (const body of [
    `{"url":"${hook('x')}","secret":"${SECRET}"`, { url: hook('x'), events, secret: `${SECRET}!` }, { url: hook('x'), events, secret: [SECRET] }, { url: hook('x'), events: [SECRET] }, { url: `http://user:${TOKEN}@host/`, events },
    { url: hook('x'), events, headers: { 'X-Bad': `${TOKEN}\n` } }, { url: hook('x'), events, headers: { 'X-Bad': { a: TOKEN } } }, { url: `nonsense ${URL_TOKEN}`, events }, { url: hook('x'), events, headers: { Host: TOKEN } }, { url: `http://169.254.169.254/?token=${URL_TOKEN}`, events },
  ]) expect((await call('POST', webhooks, body)).status).toBeGreaterThanOrEqual(400);
  await call('POST', '/instances', `{"name": "${TOKEN}`, { 'content-type': 'application/json' });
  await call('POST', '/instances', TOKEN, { 'content-type': `x/${TOKEN}` });
  await call('GET', `/instances/demo/messages?limit=${TOKEN}`);
  await call('GET', '/instances', undefined, { cookie: TOKEN, 'x-odd': TOKEN });
  const key = await call('POST', '/keys', { name: 'shop', scopes: ['instances:read'] });
  expect(key.status).toBe(201);
  made.push(String(key.json['key']));
  expect((await call('GET', '/instances', undefined, { 'x-api-key': String(key.json['key']) })).status).toBe(200);
  expect((await call('GET', '/audit', undefined, { 'x-api-key': String(key.json['key']) })).status).toBe(403);
  for (const newMasterKey of [`${NEW_MASTER_KEY}!`, [NEW_MASTER_KEY], ENCRYPTION_KEY, NEW_MASTER_KEY]) await call('POST', '/encryption/rotate', { newMasterKey });
  expect((await call('GET', '/audit')).json).not.toHaveProperty('code');
  await call('POST', '/instances/demo/logout');

  await until('events were posted, and some failed', () => hooks > 6);
  await until('the log says that Redis is away', () => lines.some(line => JSON.stringify(line).includes('Redis')));
}, 60_000);

it('an address of a database that is none is told without its password', () => {
  for (const url of [`postgresql://user:${PASSWORD}@/chasqui`, `postgresql://user:${PASSWORD}@host:x/chasqui`, `mysql://user:${PASSWORD}@host/chasqui`]) {
    try {
      readConfig({ DATABASE_URL: url });
      expect.unreachable();
    } catch (error) {
      problems.push(`${String(error)} ${(error as Error).stack ?? ''}`);
    }
  }
});

it('nothing of that is in the log, in a problem, or in the audit log', () => {
  const secrets = [stack.apiKey, PASSWORD, TOKEN, URL_TOKEN, SECRET, SECRET.slice('whsec_'.length), WRONG_KEY, ENCRYPTION_KEY, NEW_MASTER_KEY, ...made];
  expect(made.filter(secret => secret.length > 7).length).toBeGreaterThanOrEqual(5);
  const log = lines.map(line => JSON.stringify(line));
  expect(log.length).toBeGreaterThan(50);
  expect(problems.length).toBeGreaterThan(15);
  for (const secret of secrets) {
    expect(log.filter(line => line.includes(secret)), `in the log: ${secret}`).toEqual([]);
    // What is asked for may be named by the answer: the pairing code's own, or a QR code's.
    expect(problems.filter(problem => problem.includes(secret)), `in a problem: ${secret}`).toEqual([]);
  }
  expect(lines.filter(line => Number(line['level']) > 20 && JSON.stringify(line).includes(TEXT)), 'message text above debug').toEqual([]);

  type Sqlite = { prepare(sql: string): { all(): object[] }; close(): void };
  const Libsql = createRequire(new URL('../../server/package.json', import.meta.url))('libsql') as new (path: string) => Sqlite;
  const database = new Libsql(join(stack.dataDir, 'chasqui.db'));
  const audit = JSON.stringify(database.prepare('SELECT * FROM "AuditEntry"').all());
  database.close();
  for (const secret of [...secrets, TEXT]) expect(audit.includes(secret), `in the audit log: ${secret}`).toBe(false);
});
