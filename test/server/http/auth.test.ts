import { afterAll, beforeAll, expect, test } from 'vitest';
import { DomainError } from '@gateway/domain/errors.js';
import { createHttpFixture, type HttpFixture } from '../../support/http/http-fixture.js';
import { KEY } from '../../support/http/in-memory-gateway.js';

let http: HttpFixture;
beforeAll(async () => { http = await createHttpFixture(); });
afterAll(() => http.close());

test('a key is taken from X-API-Key or as a bearer token', async () => {
  expect((await http.call('GET', '/instances')).status).toBe(200);
  expect((await http.call('GET', '/instances', { key: null, headers: { authorization: `Bearer ${KEY}` } })).status).toBe(200);
});

test.each([
  ['no key', {}],
  ['a wrong key', { 'x-api-key': 'wrong' }],
  ['a wrong bearer token', { authorization: 'Bearer wrong' }],
  ['another scheme', { authorization: `Basic ${Buffer.from(`u:${KEY}`).toString('base64')}` }],
])('%s is 401 with a challenge', async (_name, headers) => {
  const answer = await http.call('GET', '/instances', { key: null, headers });
  expect(answer.status).toBe(401);
  expect(answer.headers['www-authenticate']).toMatch(/^Bearer /);
  expect(answer.json).toMatchObject({ code: 'unauthorized', status: 401 });
});

test('keys that cannot be looked up at the moment are no reason to ask for another one', async () => {
  http.gateway.failLookUpsOfKeys(new DomainError('store_unavailable', 'Not now.'));
  const answer = await http.call('GET', '/instances');
  http.gateway.failLookUpsOfKeys(null);
  expect(answer).toMatchObject({ status: 503, json: { code: 'store_unavailable' } });
  expect(answer.headers['retry-after']).toBe('5');
  expect(answer.headers['www-authenticate']).toBeUndefined();
});

test('every route but the open ones asks for a key before it looks at anything else', async () => {
  const document = (await http.call('GET', '/openapi.json')).json as { paths: Record<string, Record<string, unknown>> };
  const open = ['/health', '/ready', '/openapi.json'];
  let asked = 0;
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const method of Object.keys(operations)) {
      const answer = await http.call(method.toUpperCase() as 'GET', path.replaceAll(/\{\w+\}/g, 'x'), { key: null, ...(method === 'get' ? {} : { payload: '{bad', headers: { 'content-type': 'application/json' } }) });
      expect([path, method, answer.status]).toEqual([path, method, open.includes(path) ? 200 : 401]);
      asked += 1;
    }
  }
  expect(asked).toBeGreaterThan(25);
});

test('without a key nobody learns which addresses exist', async () => {
  expect((await http.call('GET', '/nothing/here', { key: null })).status).toBe(401);
  expect((await http.call('PUT', '/instances', { key: null })).status).toBe(401);
});

test('health, readiness, the OpenAPI document and its page need no key', async () => {
  for (const url of ['/health', '/ready', '/openapi.json', '/docs/', '/docs/static/swagger-ui.css']) {
    expect([url, (await http.call('GET', url, { key: null })).status]).toEqual([url, 200]);
  }
});

test('a key is in no log line', async () => {
  await http.call('GET', '/instances');
  await http.call('GET', '/instances', { key: 'wrong-but-private' });
  expect(http.log()).toContain('"path":"/instances"');
  expect(http.log()).not.toContain(KEY);
  expect(http.log()).not.toContain('wrong-but-private');
});
