import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DomainError, ERROR_CODES } from '@gateway/domain/errors.js';
import { HTTP_STATUS, toProblem } from '@gateway/http/problem.js';
import { createHttpFixture, type HttpFixture } from '../../support/http/http-fixture.js';

let http: HttpFixture;
let url: string;
beforeAll(async () => {
  http = await createHttpFixture({ jsonBodyBytes: 2048 });
  await http.call('POST', '/instances', { payload: { instanceId: 'demo' } });
  url = await http.listen();
});
afterAll(() => http.close());

const json = { 'content-type': 'application/json' };

test('every code has a status of its own kind and a complete document', () => {
  for (const code of ERROR_CODES) {
    expect(HTTP_STATUS[code]).toBeGreaterThanOrEqual(400);
    const problem = toProblem(new DomainError(code, 'sentence'), 'r1');
    expect(problem).toMatchObject({ code, status: HTTP_STATUS[code], requestId: 'r1' });
    expect(problem.title).not.toBe('');
  }
});

test.each([
  ['malformed JSON', 'POST', '/instances', json, '{"instanceId": ', 400, 'validation_failed', undefined],
  ['an empty body where one is needed', 'POST', '/instances', json, '', 400, 'validation_failed', undefined],
  ['a body that is no object', 'POST', '/instances', json, '[1]', 400, 'validation_failed', undefined],
  ['prototype poisoning', 'POST', '/instances', json, '{"__proto__": {"a": 1}}', 400, 'validation_failed', undefined],
  ['another content type', 'POST', '/instances', { 'content-type': 'application/xml' }, '<a/>', 415, 'unsupported_media_type', undefined],
  ['text', 'POST', '/instances', { 'content-type': 'text/plain' }, 'hello', 415, 'unsupported_media_type', undefined],
  ['too large a body', 'POST', '/instances', json, JSON.stringify({ instanceId: 'a', name: 'x'.repeat(3000) }), 413, 'payload_too_large', undefined],
  ['an unknown address', 'GET', '/nothing', {}, undefined, 404, 'route_not_found', undefined],
  ['a wrong method', 'PUT', '/instances', {}, undefined, 405, 'method_not_allowed', undefined],
  ['an unknown field', 'POST', '/instances', json, '{"instanceId":"a","nmae":"x"}', 400, 'validation_failed', 'nmae'],
  ['a missing field', 'POST', '/instances', json, '{"name":"x"}', 400, 'validation_failed', 'instanceId'],
  ['a nested field', 'POST', '/instances', json, '{"instanceId":"a","settings":{"sendIntervalMs":"soon"}}', 400, 'validation_failed', 'settings.sendIntervalMs'],
  ['a name with a NUL', 'POST', '/instances', json, '{"instanceId":"a","name":"a\\u0000b"}', 400, 'validation_failed', 'name'],
  ['a number as text', 'POST', '/instances', json, '{"instanceId":"a","settings":{"sendIntervalMs":"5"}}', 400, 'validation_failed', 'settings.sendIntervalMs'],
  ['a part of the address', 'GET', '/instances/no%20spaces', {}, undefined, 400, 'validation_failed', 'instanceId'],
  ['the query', 'GET', '/instances/demo/messages?limit=lots', {}, undefined, 400, 'validation_failed', 'limit'],
  ['an unknown query parameter', 'GET', '/instances?all=1', {}, undefined, 400, 'validation_failed', 'all'],
  ['an unknown instance', 'GET', '/instances/none', {}, undefined, 404, 'instance_not_found', undefined],
  ['an invalid URL', 'GET', '/instances/%zz', {}, undefined, 400, 'validation_failed', undefined],
] as const)('%s is a problem document', async (_name, method, path, headers, payload, status, code, field) => {
  const answer = await http.call(method, path, { headers, ...(payload === undefined ? {} : { payload }) });
  expect(answer.headers['content-type']).toBe('application/problem+json');
  expect(answer.json).toMatchObject({ type: `urn:chasqui:problem:${code}`, status, code, ...(field === undefined ? {} : { field }) });
  expect(answer.status).toBe(status);
  expect(answer.json['requestId']).toBe(answer.headers['x-request-id']);
  expect(String(answer.json['detail']).length).toBeGreaterThan(10);
});

test('a validation problem says what is allowed', async () => {
  const unknown = await http.call('POST', '/instances', { payload: { instanceId: 'a', nmae: 'x' } });
  expect(unknown.json['detail']).toContain('instanceId, name, settings');
  const word = await http.call('POST', '/instances/demo/webhooks', { payload: { url: 'https://example.com', events: ['message.recieved'] } });
  expect(word.json).toMatchObject({ field: 'events.0' });
  expect(word.json['detail']).toContain('message.received, message.ack');
});

test('a wrong method is told the right ones', async () => {
  const answer = await http.call('PUT', '/instances/demo');
  expect(answer.headers['allow']).toBe('GET, HEAD, PATCH, DELETE');
});

test.each([
  ['/instances/demo/messages/sticker', ['text', 'location', 'image', 'video', 'audio', 'document'].map(kind => `/instances/demo/messages/${kind}`)],
  ['/instances/demo/messages', ['/instances/demo/messages/text', '/instances/demo/messages/document']],
])('a POST to %s is told where it belongs', async (path, places) => {
  const answer = await http.call('POST', path, { payload: {} });
  expect(answer.json).toMatchObject({ status: 405, code: 'method_not_allowed' });
  for (const place of places) expect(answer.json['hint']).toContain(place);
});

test('a hint about other addresses is not given where there are none', async () => {
  expect((await http.call('PUT', '/instances/demo')).json).not.toHaveProperty('hint');
});

test('a slash at the end makes no difference', async () => {
  expect((await http.call('GET', '/instances/')).json).toHaveProperty('instances');
  expect((await http.call('GET', '/instances/demo/')).json).toMatchObject({ instanceId: 'demo' });
});

test.each([
  ['POST', '/instances', undefined, 'The body is missing.'],
  ['PATCH', '/instances/demo', undefined, 'The body is missing.'],
  ['POST', '/instances/demo/webhooks', { url: 'https://example.com', events: [] }, 'events must not be empty.'],
] as const)('%s %s without what it needs says so in a plain sentence', async (method, path, payload, detail) => {
  const answer = await http.call(method, path, payload === undefined ? {} : { payload });
  expect(answer.json).toMatchObject({ status: 400, code: 'validation_failed', detail });
});

test('what a failure knows reaches the caller', async () => {
  http.gateway.failSends(new DomainError('whatsapp_rejected', 'WhatsApp refused the message (463).', { hint: 'Wait.', details: { whatsappCode: 463 } }));
  const answer = await http.call('POST', '/instances/demo/messages/text', { payload: { to: '15550002222', text: 'hi' } });
  expect(answer.status).toBe(502);
  expect(answer.json).toMatchObject({ code: 'whatsapp_rejected', detail: 'WhatsApp refused the message (463).', hint: 'Wait.', whatsappCode: 463 });
});

test.each([['instance_unowned', '2'], ['owner_unreachable', '5'], ['store_unavailable', '5'], ['whatsapp_ack_timeout', undefined]] as const)('%s says when to try again', async (code, seconds) => {
  http.gateway.failSends(new DomainError(code, 'Not now.'));
  const answer = await http.call('POST', '/instances/demo/messages/text', { payload: { to: '15550002222', text: 'hi' } });
  expect([answer.json['code'], answer.headers['retry-after']]).toEqual([code, seconds]);
});

test('an unexpected failure shows nothing of the inside, and is logged under the request id', async () => {
  http.gateway.failSends(new TypeError('secret of /home/user/file.js'));
  const answer = await http.call('POST', '/instances/demo/messages/text', { payload: { to: '15550002222', text: 'hi' }, headers: { 'x-request-id': 'my-request-1' } });
  expect(answer.status).toBe(500);
  expect(answer.json).toMatchObject({ code: 'internal_error', requestId: 'my-request-1' });
  expect(answer.body).not.toMatch(/secret|home|TypeError|at .*\.js/);
  expect(answer.headers['x-request-id']).toBe('my-request-1');
  const line = http.log().split('\n').find(text => text.includes('secret of /home/user/file.js'));
  expect(line).toContain('my-request-1');
});

test('a refusal that passes leaves one line, with its code, and no trace at warn', async () => {
  http.gateway.failSends(new DomainError('store_unavailable', 'Not now.', { cause: new Error('connect ECONNREFUSED') }));
  await http.call('POST', '/instances/demo/messages/text', { payload: { to: '15550002222', text: 'hi' }, headers: { 'x-request-id': 'in-an-outage' } });
  const lines = http.log().split('\n').filter(line => line.includes('in-an-outage')).map(line => JSON.parse(line) as { level: number; msg: string; code?: string });
  expect(lines.filter(({ level }) => level >= 40)).toEqual([]);
  expect(lines.filter(({ level }) => level === 30)).toMatchObject([{ msg: 'request', status: 503, code: 'store_unavailable' }]);
});

test('a request id that could harm a log is not taken over', async () => {
  const answer = await http.call('GET', '/health', { headers: { 'x-request-id': 'a b"c' } });
  expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
});

test('what is not HTTP gets a problem document, too', async () => {
  const address = new URL(url);
  const text = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(address.port), address.hostname, () => socket.write('BROKEN\r\n\r\n'));
    let received = '';
    socket.on('data', chunk => { received += chunk.toString(); });
    socket.on('end', () => resolve(received));
    socket.on('error', reject);
  });
  expect(text).toMatch(/^HTTP\/1\.1 400 /);
  expect(text).toContain('application/problem+json');
});

test('a caller that sends far too much still gets to read the answer', async () => {
  const answer = await fetch(`${url}/instances`, { method: 'POST', headers: { ...json, 'x-api-key': 'test-key' }, body: JSON.stringify({ instanceId: 'a', name: 'x'.repeat(5_000_000) }) });
  expect(answer.status).toBe(413);
  expect(await answer.json()).toMatchObject({ code: 'payload_too_large' });
});
