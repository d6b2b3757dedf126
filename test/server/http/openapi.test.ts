import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHttpFixture, type HttpFixture } from '../../support/http/http-fixture.js';

interface Operation {
  operationId: string;
  summary: string;
  description: string;
  tags: string[];
  security?: unknown[];
  parameters?: { name: string; in: string; schema: object }[];
  requestBody?: { content: Record<string, { schema: object; example?: unknown }> };
  responses: Record<string, { description: string; content?: Record<string, unknown> }>;
}
interface Document { openapi: string; paths: Record<string, Record<string, Operation>>; components: { schemas: Record<string, object>; securitySchemes: Record<string, object> }; security: unknown[] }
interface Validation { valid: boolean; errors?: unknown }

let http: HttpFixture;
let document: Document;

beforeAll(async () => {
  http = await createHttpFixture();
  document = (await http.call('GET', '/openapi.json', { key: null })).json as unknown as Document;
});
afterAll(() => http.close());

const operations = () => Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })));

test('the document is valid OpenAPI 3.1', async () => {
  const resolve = createRequire(new URL('../../../server/package.json', import.meta.url)).resolve;
  const { Validator } = await import(pathToFileURL(resolve('@seriousme/openapi-schema-validator')).href) as { Validator: new () => { validate(document: object): Promise<Validation>; version: string } };
  const validator = new Validator();
  const result = await validator.validate(structuredClone(document));
  expect(result.errors).toBeUndefined();
  expect(result.valid).toBe(true);
  expect(validator.version).toBe('3.1');
  expect((await new Validator().validate({ ...structuredClone(document), paths: { '/x': { get: { responses: 7 } } } })).valid).toBe(false);
});

test.each([
  ['post', '/instances'], ['get', '/instances'], ['get', '/instances/{instanceId}'], ['patch', '/instances/{instanceId}'], ['delete', '/instances/{instanceId}'],
  ['post', '/instances/{instanceId}/restore'], ['post', '/instances/{instanceId}/connect'], ['get', '/instances/{instanceId}/qr'], ['post', '/instances/{instanceId}/qr-link'],
  ['post', '/instances/{instanceId}/pairing-code'], ['get', '/instances/{instanceId}/status'], ['post', '/instances/{instanceId}/restart'],
  ['post', '/instances/{instanceId}/disconnect'], ['post', '/instances/{instanceId}/logout'],
  ...['text', 'image', 'video', 'audio', 'document', 'location'].map(kind => ['post', `/instances/{instanceId}/messages/${kind}`]),
  ['get', '/instances/{instanceId}/messages'], ['get', '/instances/{instanceId}/messages/{messageId}'], ['get', '/instances/{instanceId}/messages/{messageId}/media'],
  ['post', '/instances/{instanceId}/webhooks'], ['get', '/instances/{instanceId}/webhooks'], ['get', '/instances/{instanceId}/webhooks/{webhookId}'],
  ['patch', '/instances/{instanceId}/webhooks/{webhookId}'], ['delete', '/instances/{instanceId}/webhooks/{webhookId}'],
  ['get', '/instances/{instanceId}/webhooks/{webhookId}/deliveries'], ['post', '/instances/{instanceId}/webhooks/{webhookId}/rotate-secret'],
  ['post', '/instances/{instanceId}/webhooks/{webhookId}/deliveries/replay'], ['post', '/instances/{instanceId}/webhooks/{webhookId}/deliveries/{deliveryId}/replay'],
  ['get', '/health'], ['get', '/ready'], ['get', '/openapi.json'],
])('%s %s is described', (method, path) => {
  expect(document.paths[path]?.[method]).toBeDefined();
});

test('every operation says what it does, under an id of its own', () => {
  const ids = operations().map(({ operation }) => operation.operationId);
  expect(ids.every(Boolean)).toBe(true);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { path, method, operation } of operations()) {
    expect([path, method, operation.summary?.length > 3, operation.description?.length > 10, operation.tags?.length]).toEqual([path, method, true, true, 1]);
  }
});

test('keys are described, and the problems that each operation may answer', () => {
  expect(Object.keys(document.components.securitySchemes)).toEqual(['apiKey', 'bearer']);
  expect(document.security).toEqual([{ apiKey: [] }, { bearer: [] }]);
  for (const { path, operation } of operations()) {
    // Open to everybody, or to whoever sends no key.
    if (operation.security?.length === 0 || operation.security?.some(one => Object.keys(one as object).length === 0)) continue;
    for (const status of ['401', '500', '503']) {
      expect([path, status, Object.keys(operation.responses[status]?.content ?? {})]).toEqual([path, status, ['application/problem+json']]);
    }
    if (path.includes('{')) expect([path, Object.keys(operation.responses)]).toEqual([path, expect.arrayContaining(['400', '404'])]);
  }
});

test('bodies have examples, and those that upload say how', () => {
  for (const { path, operation } of operations()) {
    if (!operation.requestBody) continue;
    const json = operation.requestBody.content['application/json'];
    expect([path, JSON.stringify(json).includes('"example')]).toEqual([path, true]);
  }
  const image = document.paths['/instances/{instanceId}/messages/image']?.['post'];
  expect(Object.keys(image?.requestBody?.content ?? {})).toEqual(['application/json', 'multipart/form-data']);
});

test('the examples of bodies are accepted', async () => {
  await http.call('POST', '/instances', { payload: { instanceId: 'example' } });
  let tried = 0;
  for (const { path, method, operation } of operations()) {
    const content = operation.requestBody?.content['application/json'] as { schema: { examples?: object[] }; example?: object } | undefined;
    const example = content?.example ?? content?.schema.examples?.[0];
    if (!example || path.includes('{webhookId}') || path.includes('{keyId}')) continue;
    // An example's media is not there to be fetched: its address is replaced by bytes.
    const { url, ...rest } = example as { url?: string };
    const payload = path.includes('/messages/') && url !== undefined ? { ...rest, base64: 'aGVsbG8=' } : example;
    const answer = await http.call(method.toUpperCase() as 'POST', path.replace('{instanceId}', 'example'), { payload });
    expect([path, answer.status, answer.json['detail']]).toEqual([path, method === 'patch' || /(pairing-code|force-cleanup|\/rotate)$/.test(path) ? 200 : path.endsWith('/bulk') ? 202 : 201, undefined]);
    tried += 1;
  }
  expect(tried).toBe(14);
});

test('the page to browse it works under its own content security policy', async () => {
  const page = await http.call('GET', '/docs/', { key: null });
  expect(page.status).toBe(200);
  const policy = String(page.headers['content-security-policy']);
  expect(policy).toContain("default-src 'self'");
  expect(policy).not.toMatch(/script-src[^;]*unsafe|upgrade-insecure-requests/);
  const scripts = [...page.body.matchAll(/<script([^>]*)>([\s\S]*?)<\/script>/g)];
  expect(scripts.length).toBeGreaterThan(0);
  for (const [, attributes = '', inline = ''] of scripts) {
    expect([attributes.includes('src='), inline.trim()]).toEqual([true, '']);
    const src = /src="\.?\/?([^"]+)"/.exec(attributes)?.[1] ?? '';
    expect([src, (await http.call('GET', `/docs/${src}`, { key: null })).status]).toEqual([src, 200]);
  }
});
