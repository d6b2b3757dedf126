import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createHttpFixture, type HttpFixture } from '../../support/http/http-fixture.js';

let http: HttpFixture;
beforeAll(async () => {
  http = await createHttpFixture();
  await http.call('POST', '/instances', { payload: { instanceId: 'demo' } });
});
afterAll(() => http.close());
beforeEach(() => { http.gateway.queued.length = 0; });

const bulk = (messages: unknown) => http.call('POST', '/instances/demo/messages/bulk', { payload: { messages } });

test('each message gets an answer of its own, in order', async () => {
  const answer = await bulk([
    { type: 'text', to: '15550002222', text: 'one', idempotencyKey: 'a' },
    { type: 'text', to: '15550002222' },
    { type: 'location', to: '15550003333', latitude: 1, longitude: 2, scheduledAt: '2030-01-01T10:00:00Z' },
    { type: 'image', to: '15550002222', base64: 'aGk=', url: 'https://example.com/a' },
    { type: 'image', to: '15550002222', base64: 'aGk=' },
    { type: 'text', to: '15550002222', text: 'x', idempotencyKey: 'a b' },
  ]);
  expect(answer.status).toBe(202);
  expect(answer.json).toMatchObject({
    accepted: 3, refused: 3,
    messages: [
      { index: 0, status: 'queued', messageId: 'Q1', queueId: 'q_Q1' },
      { index: 1, status: 'refused', error: { code: 'validation_failed', field: 'text' } },
      { index: 2, status: 'queued', scheduledAt: '2030-01-01T10:00:00.000Z' },
      { index: 3, status: 'refused', error: { code: 'validation_failed', field: 'base64' } },
      { index: 4, status: 'queued' },
      { index: 5, status: 'refused', error: { code: 'validation_failed', field: 'idempotencyKey' } },
    ],
  });
  expect(http.gateway.queued.map(({ request }) => request.type)).toEqual(['text', 'location', 'image']);
  expect(http.gateway.queued[0]).toMatchObject({ request: { type: 'text', to: '15550002222', text: 'one' }, options: { idempotencyKey: 'a' } });
});

test.each([
  ['none', [], 'messages'],
  ['too many', Array.from({ length: 1001 }, () => ({ type: 'text', to: '15550002222', text: 'x' })), 'messages'],
  ['a kind that is none', [{ type: 'telegram', to: '15550002222' }], 'messages.0.type'],
  ['no list', 'x', 'messages'],
])('%s is refused as a whole', async (_name, messages, field) => {
  expect((await bulk(messages)).json).toMatchObject({ status: 400, code: 'validation_failed', field });
  expect(http.gateway.queued).toEqual([]);
});
