import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHttpFixture, type HttpFixture } from '../../support/http/http-fixture.js';

interface Operation { parameters?: { name: string; in: string }[]; requestBody?: object }

let http: HttpFixture;
let operations: { method: string; path: string; operation: Operation }[];

beforeAll(async () => {
  http = await createHttpFixture({ jsonBodyBytes: 64 * 1024 });
  await http.call('POST', '/instances', { payload: { instanceId: 'demo' } });
  const { paths } = (await http.call('GET', '/openapi.json')).json as { paths: Record<string, Record<string, Operation>> };
  operations = Object.entries(paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })));
});
afterAll(() => http.close());

/** The same numbers at every run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const ODD_TEXTS = ['', ' ', '\u0000', '%00', '../..', '💥'.repeat(50), 'x'.repeat(300), '\'"<>&;', '__proto__', 'constructor', '-1', '1e999', 'NaN', 'null', '\ud800', 'https://', 'data:,'];

function oddValue(random: () => number, depth = 0): unknown {
  const choice = Math.floor(random() * (depth > 3 ? 6 : 8));
  switch (choice) {
    case 0: return null;
    case 1: return random() < 0.5;
    case 2: return Math.floor((random() - 0.5) * 1e6);
    case 3: return (random() - 0.5) * 1e300;
    case 4:
    case 5: return ODD_TEXTS[Math.floor(random() * ODD_TEXTS.length)];
    case 6: return Array.from({ length: Math.floor(random() * 4) }, () => oddValue(random, depth + 1));
    default: return Object.fromEntries(Array.from({ length: Math.floor(random() * 5) }, () => [oddName(random), oddValue(random, depth + 1)]));
  }
}

const NAMES = ['instanceId', 'name', 'settings', 'sendIntervalMs', 'to', 'text', 'mentions', 'quotedMessageId', 'url', 'base64', 'mimetype', 'fileName', 'caption', 'voice', 'latitude', 'longitude', 'events', 'secret', 'headers', 'enabled', 'phoneNumber', 'toString', 'hasOwnProperty', 'a/b~c', ''];
const oddName = (random: () => number) => NAMES[Math.floor(random() * NAMES.length)] ?? '';

const fill = (path: string, value: (name: string) => string) => path.replace(/\{(\w+)\}/g, (_match, name: string) => encodeURIComponent(value(name).toWellFormed()));

async function expectNoServerError(method: string, url: string, options: Parameters<HttpFixture['call']>[2] = {}): Promise<number> {
  const answer = await http.call(method as 'GET', url, options);
  const what = `${method} ${url} ${JSON.stringify(options).slice(0, 300)} → ${answer.status} ${answer.body.slice(0, 300)}`;
  expect(answer.status, what).toBeLessThan(500);
  if (answer.status >= 400) {
    expect(answer.headers['content-type'], what).toBe('application/problem+json');
    expect(answer.json, what).toMatchObject({ status: answer.status, code: expect.any(String), detail: expect.any(String), requestId: expect.any(String) });
  }
  return answer.status;
}

test('odd parts of addresses never lead to a server error', async () => {
  for (const { method, path } of operations.filter(operation => operation.path.includes('{'))) {
    for (const text of ODD_TEXTS) await expectNoServerError(method, fill(path, () => text));
    for (const text of ['%', '%zz', '%c3%28', '..%2f..']) await expectNoServerError(method, path.replace(/\{\w+\}/g, text));
  }
});

test('odd queries never lead to a server error', async () => {
  for (const { method, path, operation } of operations) {
    const names = ['odd', ...(operation.parameters ?? []).filter(parameter => parameter.in === 'query').map(parameter => parameter.name)];
    for (const name of names) {
      for (const value of [...ODD_TEXTS, '1', 'true']) {
        await expectNoServerError(method, `${fill(path, () => 'demo')}?${name}=${encodeURIComponent(value.toWellFormed())}`);
      }
      await expectNoServerError(method, `${fill(path, () => 'demo')}?${name}=1&${name}=2&${name}[]=3&__proto__=4`);
    }
  }
});

test('odd bodies never lead to a server error, and are seldom taken', async () => {
  const random = randomFrom(20_250_601);
  let taken = 0;
  let tried = 0;
  for (const { method, path, operation } of operations.filter(({ operation }) => operation.requestBody)) {
    const url = fill(path, () => 'demo');
    const bodies = ['', '{', 'null', '"text"', '7', '[]', '{}', '\u0000', '{"a":1}{"b":2}', '{"to":"\\ud800","text":"\\u0000"}', '{"constructor":{"prototype":{}}}', '['.repeat(20_000)];
    for (let round = 0; round < 40; round += 1) bodies.push(JSON.stringify(oddValue(random)) ?? 'null');
    for (const payload of bodies) {
      const status = await expectNoServerError(method, url, { payload, headers: { 'content-type': 'application/json' } });
      tried += 1;
      if (status < 300) taken += 1;
    }
    for (const type of ['application/json; charset=utf-16', 'application/x-www-form-urlencoded', 'multipart/form-data', 'multipart/form-data; boundary=x', 'text/plain', 'nonsense', 'application/jsonx']) {
      await expectNoServerError(method, url, { payload: 'a=b', headers: { 'content-type': type } });
    }
    expect(operation.requestBody).toBeDefined();
  }
  expect(tried).toBeGreaterThan(400);
  expect(taken).toBeLessThan(tried / 50);
});

const ODD_HEADERS: Record<string, string>[] = [{ accept: 'nonsense;;q=x' }, { accept: '' }, { 'x-async': '' }, { 'x-request-id': 'x'.repeat(2000) }, { 'content-type': 'application/json', 'content-length': '3' }, { host: 'a b<c>' }];

test('odd headers never lead to a server error', async () => {
  for (const { method, path } of operations) {
    for (const headers of ODD_HEADERS) {
      await expectNoServerError(method, fill(path, () => 'demo'), { headers });
    }
  }
});

test('none of it was logged as unexpected', () => {
  expect(http.log()).not.toContain('failed unexpectedly');
});
