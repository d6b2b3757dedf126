import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createHttpFixture, type HttpFixture } from '../../support/http/http-fixture.js';

let http: HttpFixture;
beforeAll(async () => {
  http = await createHttpFixture({ mediaBytes: 100_000 });
  await http.call('POST', '/instances', { payload: { instanceId: 'demo' } });
});
afterAll(() => http.close());
beforeEach(() => {
  http.gateway.sent.length = 0;
  http.gateway.queued.length = 0;
});

const send = (kind: string, payload: unknown, headers: Record<string, string> = {}, query = '') =>
  http.call('POST', `/instances/demo/messages/${kind}${query}`, { payload, headers });
const bytes = Buffer.from('some bytes of a picture');
const sha256 = createHash('sha256').update(bytes).digest('hex');

test('a text answers with ids, where it went and when', async () => {
  const answer = await send('text', { to: '+1 555 000 2222', text: 'hi', quotedMessageId: 'ABC', mentions: ['15550003333'] });
  expect(answer.status).toBe(201);
  expect(answer.json).toEqual({ messageId: 'M1', correlationId: expect.any(String), status: 'sent', to: '15550002222@s.whatsapp.net', timestamp: new Date(http.clock.now()).toISOString() });
  expect(http.gateway.sent[0]?.request).toEqual({ type: 'text', to: '+1 555 000 2222', text: 'hi', quotedMessageId: 'ABC', mentions: ['15550003333'] });
});

test('a location', async () => {
  expect((await send('location', { to: '15550002222', latitude: -13.5, longitude: -71.9, name: 'Cusco' })).status).toBe(201);
  expect(http.gateway.sent[0]?.request).toEqual({ type: 'location', to: '15550002222', latitude: -13.5, longitude: -71.9, name: 'Cusco' });
});

test.each([
  ['text', { to: '15550002222' }, 'text'],
  ['text', { to: '15550002222', text: '' }, 'text'],
  ['text', { to: 15550002222, text: 'x' }, 'to'],
  ['text', { to: '15550002222', text: 'x', txt: 'y' }, 'txt'],
  ['location', { to: '15550002222', latitude: 91, longitude: 0 }, 'latitude'],
  ['location', { to: '15550002222', latitude: '1', longitude: 0 }, 'latitude'],
  ['image', { to: '15550002222' }, 'url'],
  ['image', { to: '15550002222', url: 'https://example.com/a', base64: 'aGk=' }, 'base64'],
  ['image', { to: '15550002222', url: 'file:///etc/passwd' }, 'url'],
  ['image', { to: '15550002222', url: '/relative' }, 'url'],
  ['image', { to: '15550002222', base64: 'not base64!' }, 'base64'],
  ['image', { to: '15550002222', base64: 'data:image/png,plain' }, 'base64'],
  ['image', { to: '15550002222', base64: 'aGk=', voice: true }, 'voice'],
  ['audio', { to: '15550002222', base64: 'aGk=', caption: 'x' }, 'caption'],
  ['document', { to: '15550002222', base64: 'aGk=', fileName: '../../etc/passwd' }, 'fileName'],
  ['document', { to: '15550002222', base64: 'aGk=', mimetype: 'pdf' }, 'mimetype'],
])('%s with a mistake is refused, and nothing is sent', async (kind, payload, field) => {
  const answer = await send(kind, payload);
  expect(answer.json).toMatchObject({ status: 400, code: 'validation_failed', field });
  expect(http.gateway.sent).toEqual([]);
});

test.each([
  ['the header', { 'x-async': 'true' }, ''],
  ['the header with a 1', { 'x-async': '1' }, ''],
  ['the query', {}, '?async=true'],
])('by %s a message is queued', async (_name, headers, query) => {
  const answer = await send('text', { to: '15550002222', text: 'x' }, headers as Record<string, string>, query);
  expect(answer.status).toBe(202);
  expect(answer.json).toEqual({ messageId: 'Q1', correlationId: expect.any(String), queueId: 'q_Q1', status: 'queued' });
  expect((await send('image', { to: '15550002222', base64: bytes.toString('base64') }, headers as Record<string, string>, query)).status).toBe(202);
  expect(http.gateway.queued).toMatchObject([{ request: { type: 'text', to: '15550002222', text: 'x' } }, { request: { type: 'image' }, sha256 }]);
  expect(http.gateway.sent).toEqual([]);
});

test('a queued message may say when', async () => {
  const answer = await send('text', { to: '15550002222', text: 'x', scheduledAt: '2030-01-01T12:00:00+02:00', expiresAt: '2030-01-02T00:00:00Z' }, { 'x-async': 'true', 'idempotency-key': 'k-1' });
  expect(answer.json).toMatchObject({ status: 'queued', scheduledAt: '2030-01-01T10:00:00.000Z', expiresAt: '2030-01-02T00:00:00.000Z' });
  const [entry] = http.gateway.queued;
  expect(entry?.options).toEqual({ idempotencyKey: 'k-1', scheduledAt: Date.parse('2030-01-01T10:00:00Z'), expiresAt: Date.parse('2030-01-02T00:00:00Z') });
  expect(entry?.request).toEqual({ type: 'text', to: '15550002222', text: 'x' });
});

test.each([
  ['a header that is neither yes nor no', {}, { 'x-async': 'later' }, '', 'X-Async'],
  ['a query that is neither yes nor no', {}, {}, '?async=later', 'async'],
  ['a time without asynchronous', { scheduledAt: '2030-01-01T12:00:00Z' }, {}, '', 'scheduledAt'],
  ['an end without asynchronous', { expiresAt: '2030-01-01T12:00:00Z' }, {}, '', 'expiresAt'],
  ['a time that is none', { scheduledAt: 'tomorrow' }, { 'x-async': 'true' }, '', 'scheduledAt'],
  ['a time without a zone', { scheduledAt: '2030-01-01T12:00:00' }, { 'x-async': 'true' }, '', 'scheduledAt'],
  ['an empty key', {}, { 'idempotency-key': '' }, '', 'Idempotency-Key'],
  ['a key with spaces', {}, { 'idempotency-key': 'a b' }, '', 'Idempotency-Key'],
  ['a key that is too long', {}, { 'idempotency-key': 'k'.repeat(256) }, '', 'Idempotency-Key'],
])('%s is refused, and nothing happens', async (_name, extra, headers, query, field) => {
  const answer = await send('text', { to: '15550002222', text: 'x', ...extra }, headers as Record<string, string>, query);
  expect(answer.json).toMatchObject({ status: 400, code: 'validation_failed', field });
  expect(http.gateway.sent).toEqual([]);
  expect(http.gateway.queued).toEqual([]);
});

test('saying that it is not asynchronous changes nothing', async () => {
  expect((await send('text', { to: '15550002222', text: 'x' }, { 'x-async': 'false' }, '?async=false')).status).toBe(201);
});

test('media as base64, with the type it says, its data: URL says, or its name says', async () => {
  const base64 = bytes.toString('base64');
  for (const [extra, mimetype] of [
    [{ base64, mimetype: 'image/webp', fileName: 'a.png' }, 'image/webp'],
    [{ base64: `data:image/gif;base64,${base64}` }, 'image/gif'],
    [{ base64, fileName: 'a.png' }, 'image/png'],
    [{ base64: base64.replace(/(.{8})/g, '$1\r\n') }, 'application/octet-stream'],
  ] as const) {
    expect((await send('image', { to: '15550002222', caption: 'c', ...extra })).status).toBe(201);
    expect(http.gateway.sent.at(-1)).toMatchObject({ sha256, file: { mimetype, size: bytes.length } });
  }
  expect(await http.spooled()).toEqual([]);
});

test('base64 may be as large as media may, and no larger', async () => {
  expect((await send('document', { to: '15550002222', base64: Buffer.alloc(100_000, 1).toString('base64') })).status).toBe(201);
  expect((await send('document', { to: '15550002222', base64: Buffer.alloc(100_001, 1).toString('base64') })).json).toMatchObject({ status: 413, code: 'media_too_large', maxBytes: 100_000 });
  expect((await send('document', { to: '15550002222', base64: Buffer.alloc(2_000_000, 1).toString('base64') })).json).toMatchObject({ status: 413, code: 'payload_too_large' });
  expect((await send('text', { to: '15550002222', text: 'x'.repeat(1_200_000) })).json).toMatchObject({ status: 413, code: 'payload_too_large' });
  expect(await http.spooled()).toEqual([]);
});

test('media by address, and an address that fails', async () => {
  const server = createServer((request, response) => {
    if (request.url === '/picture.png') response.end(bytes);
    else response.writeHead(404).end();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    expect((await send('image', { to: '15550002222', url: `${url}/picture.png` })).status).toBe(201);
    expect(http.gateway.sent[0]).toMatchObject({ sha256, file: { mimetype: 'image/png', fileName: 'picture.png' } });
    expect((await send('image', { to: '15550002222', url: `${url}/nothing?token=private` })).json).toMatchObject({ status: 422, code: 'media_fetch_failed', field: 'url', httpStatus: 404, detail: `${url.slice(7)} answered 404.` });
  } finally {
    server.closeAllConnections();
    server.close();
  }
  expect(await http.spooled()).toEqual([]);
});
