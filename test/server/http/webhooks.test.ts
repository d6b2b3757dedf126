import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Delivery } from '@gateway/domain/webhooks/webhook.js';
import { createHttpFixture, type HttpFixture } from '../../support/http/http-fixture.js';

let http: HttpFixture;
beforeAll(async () => {
  http = await createHttpFixture();
  await http.call('POST', '/instances', { payload: { instanceId: 'demo' } });
});
afterAll(() => http.close());

const URL_ = 'https://example.com/hook';
const base = '/instances/demo/webhooks';
const secret = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;
const create = (payload: object) => http.call('POST', base, { payload: { url: URL_, events: ['message.received'], ...payload } });

test('the secret is in the answer to the creation, and in no other', async () => {
  const created = await create({ secret, headers: { Authorization: 'Bearer x' } });
  expect(created.status).toBe(201);
  expect(created.json).toMatchObject({ url: URL_, events: ['message.received'], secret, headers: { Authorization: 'Bearer x' }, enabled: true });
  const one = `${base}/${String(created.json['id'])}`;
  expect(created.headers['location']).toBe(one);
  for (const answer of [await http.call('GET', one), await http.call('GET', base), await http.call('PATCH', one, { payload: { enabled: false } })]) {
    expect(answer.status).toBe(200);
    expect(answer.body).not.toContain('whsec_');
  }
  expect((await http.call('GET', one)).json).toMatchObject({ enabled: false });
  expect((await http.call('GET', base)).json['webhooks']).toHaveLength(1);
  const gone = await http.call('DELETE', one);
  expect([gone.status, gone.body]).toEqual([204, '']);
  expect((await http.call('GET', one)).json).toMatchObject({ status: 404, code: 'webhook_not_found' });
  expect(http.log()).not.toContain('whsec_');
});

test.each([
  ['an address that is none', { url: 'nowhere' }, 'url'],
  ['another protocol', { url: 'ftp://example.com' }, 'url'],
  ['no event', { events: [] }, 'events'],
  ['an unknown event', { events: ['message.lost'] }, 'events.0'],
  ['an address with a password', { url: 'https://user:pass@example.com/' }, 'url'],
  ['too long an address', { url: `https://example.com/${'a'.repeat(2048)}` }, 'url'],
  ['too short a secret', { secret: `whsec_${Buffer.alloc(23).toString('base64')}` }, 'secret'],
  ['too long a secret', { secret: `whsec_${Buffer.alloc(65).toString('base64')}` }, 'secret'],
  ['a secret that is not base64', { secret: `whsec_${'A'.repeat(33)}` }, 'secret'],
  ['a header of the signature', { headers: { 'Webhook-Id': 'x' } }, 'headers.Webhook-Id'],
  ['a header of HTTP', { headers: { 'content-length': '1' } }, 'headers.content-length'],
  ['a header with a line break', { headers: { 'X-A': 'b\r\nX-B: c' } }, 'headers.X-A'],
  ['a header name that is none', { headers: { 'X A': 'b' } }, 'headers.X A'],
  ['a header twice', { headers: { 'X-A': '1', 'x-a': '2' } }, 'headers.x-a'],
  ['a header that is not text', { headers: { 'X-A': 1 } }, 'headers.X-A'],
  ['a filter of a chat that is none', { filter: { chats: ['15550002222', 'nobody'] } }, 'filter.chats.1'],
  ['a filter of no chat', { filter: { chats: [] } }, 'filter.chats'],
  ['a filter of another kind of chat', { filter: { chatTypes: ['channel'] } }, 'filter.chatTypes.0'],
  ['a filter that is no object', { filter: 'direct' }, 'filter'],
  ['a filter with something unknown', { filter: { sender: 'x' } }, 'filter.sender'],
  ['too long a gap', { minIntervalMs: 60_001 }, 'minIntervalMs'],
  ['a gap that is not whole', { minIntervalMs: 0.5 }, 'minIntervalMs'],
  ['too many headers', { headers: Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`x-${index}`, '1'])) }, 'headers'],
])('%s is refused', async (_name, change, field) => {
  const answer = await create(change);
  expect(answer.json).toMatchObject({ status: 400, code: 'validation_failed', field });
});

test.each([
  ['a secret without prefix and padding', { secret: Buffer.alloc(32, 9).toString('base64').replace('=', '') }, { secret: `whsec_${Buffer.alloc(32, 9).toString('base64')}` }],
  ['an event twice', { events: ['message.ack', 'message.ack'] }, { events: ['message.ack'] }],
  ['a user agent of its own', { headers: { 'User-Agent': 'shop' } }, { headers: { 'User-Agent': 'shop' } }],
  ['a filter in any usual spelling', { filter: { chats: ['+1 555 000 2222', '99@lid'], chatTypes: ['direct'], fromMe: false } }, { filter: { chats: ['15550002222', '99@lid'], chatTypes: ['direct'], fromMe: false } }],
  ['no filter', { filter: null }, { minIntervalMs: 0 }],
  ['a gap', { minIntervalMs: 400 }, { minIntervalMs: 400 }],
  ['any name that HTTP allows', { headers: { 'x_tenant.id': 'Café' } }, { headers: { 'x_tenant.id': 'Café' } }],
])('%s is taken, on creation and on change', async (_name, change, shown) => {
  const created = await create(change);
  expect([created.status, created.json]).toEqual([201, expect.objectContaining(shown)]);
  expect((await http.call('PATCH', `${base}/${String(created.json['id'])}`, { payload: change })).status).toBe(200);
  await http.call('DELETE', `${base}/${String(created.json['id'])}`);
});

test('a change is judged like a creation', async () => {
  const one = `${base}/${String((await create({})).json['id'])}`;
  for (const [field, payload] of [['url', { url: 'nowhere' }], ['secret', { secret: 'short' }], ['headers.Host', { headers: { Host: 'x' } }], ['events', { events: [] }]] as const) {
    expect((await http.call('PATCH', one, { payload })).json).toMatchObject({ status: 400, code: 'validation_failed', field });
  }
  await http.call('DELETE', one);
});

test('a webhook shows how its receiver does, and health shows the worst of all', async () => {
  const created = await create({});
  expect(created.json['breaker']).toEqual({ state: 'CLOSED', failures: 0 });
  const id = String(created.json['id']);
  const health = async () => (await http.call('GET', '/health', { key: null })).json['circuitBreaker'];
  expect(await health()).toEqual({ state: 'CLOSED' });
  const since = http.clock.now() - 60_000;
  for (const state of ['OPEN', 'HALF_OPEN'] as const) {
    http.gateway.setBreaker(id, { state, since, failures: 21 });
    expect((await http.call('GET', `${base}/${id}`)).json['breaker']).toEqual({ state, since: new Date(since).toISOString(), failures: 21 });
    expect(await health()).toEqual({ state });
  }
  await http.call('DELETE', `${base}/${id}`);
});

test('a filter is shown where there is one, and null removes it', async () => {
  const created = await create({ filter: { fromMe: true } });
  const one = `${base}/${String(created.json['id'])}`;
  expect((await http.call('GET', one)).json['filter']).toEqual({ fromMe: true });
  expect((await http.call('PATCH', one, { payload: { filter: null } })).json).not.toHaveProperty('filter');
  expect((await http.call('PATCH', one, { payload: { filter: {} } })).json).not.toHaveProperty('filter');
  await http.call('DELETE', one);
});

test('a secret is replaced, with an overlap, by a call with a body or without', async () => {
  const one = `${base}/${String((await create({})).json['id'])}`;
  const inHours = (hours: number) => new Date(http.clock.now() + hours * 3_600_000).toISOString();
  const made = await http.call('POST', `${one}/rotate-secret`);
  expect([made.status, made.json]).toEqual([200, expect.objectContaining({ secret: expect.stringMatching(/^whsec_/), previousSecretUntil: inHours(24), url: URL_ })]);
  expect((await http.call('GET', one)).json).toMatchObject({ previousSecretUntil: inHours(24) });
  expect((await http.call('GET', one)).body).not.toContain('whsec_');
  expect((await http.call('POST', `${one}/rotate-secret`, { payload: { secret, overlapSeconds: 7_200 } })).json).toMatchObject({ secret, previousSecretUntil: inHours(2) });
  expect((await http.call('POST', `${one}/rotate-secret`, { payload: { overlapSeconds: 0 } })).json).not.toHaveProperty('previousSecretUntil');
  for (const [field, payload] of [['overlapSeconds', { overlapSeconds: 604_801 }], ['overlapSeconds', { overlapSeconds: -1 }], ['secret', { secret: 'short' }], ['overlap', { overlap: 1 }]] as const) {
    expect((await http.call('POST', `${one}/rotate-secret`, { payload })).json).toMatchObject({ status: 400, code: 'validation_failed', field });
  }
  expect((await http.call('POST', `${base}/none/rotate-secret`)).json).toMatchObject({ status: 404, code: 'webhook_not_found' });
  expect(http.log()).not.toContain('whsec_');
  await http.call('DELETE', one);
});

test('deliveries are listed and posted again', async () => {
  const id = String((await create({})).json['id']);
  const delivery: Delivery = {
    id: 'd1', webhookId: id, instanceId: 'demo', eventId: 'evt_1', eventType: 'message.received', lane: 'l', body: '{"secret":"text"}', state: 'dead', attempts: 8,
    nextAttemptAt: 0, lastStatus: 500, lastError: 'The receiver answered 500.', createdAt: Date.parse('2026-03-01T12:00:00Z'), deliveredAt: null,
  };
  http.gateway.deliveries.push(delivery, { ...delivery, id: 'd2', state: 'delivered', lastStatus: 200, lastError: null, deliveredAt: http.clock.now() });
  const list = await http.call('GET', `${base}/${id}/deliveries`);
  expect(list.json['deliveries']).toHaveLength(2);
  expect(list.body).not.toContain('"body"');
  const dead = await http.call('GET', `${base}/${id}/deliveries?state=dead&limit=5`);
  expect(dead.json['deliveries']).toEqual([{ id: 'd1', webhookId: id, eventId: 'evt_1', eventType: 'message.received', state: 'dead', attempts: 8, lastStatus: 500, lastError: 'The receiver answered 500.', createdAt: expect.any(String) }]);
  const first = await http.call('GET', `${base}/${id}/deliveries?limit=1`);
  expect(first.json).toMatchObject({ deliveries: [{ id: 'd2' }], next: expect.stringMatching(/^[\w-]+$/) });
  const second = await http.call('GET', `${base}/${id}/deliveries?limit=1&cursor=${String(first.json['next'])}`);
  expect(second.json).toEqual({ deliveries: [expect.objectContaining({ id: 'd1' })] });
  const count = async (query: string) => ((await http.call('GET', `${base}/${id}/deliveries?${query}`)).json['deliveries'] as unknown[]).length;
  expect(await count('from=2026-03-01T12:00:00Z&to=2026-03-01T12:00:00.001Z')).toBe(2);
  expect(await count('from=2026-03-01T14:00:00.001%2B02:00')).toBe(0);
  expect(await count('to=2026-03-01')).toBe(0);
  for (const [field, query] of [['from', 'from=yesterday'], ['to', 'to=2026-03-01T12:00:00'], ['to', 'to=2026-13-01'], ['cursor', 'cursor=c1'], ['cursor', `cursor=${Buffer.from('c12').toString('base64url')}`]] as const) {
    expect((await http.call('GET', `${base}/${id}/deliveries?${query}`)).json).toMatchObject({ status: 400, code: 'validation_failed', field });
  }
  expect((await http.call('POST', `${base}/${id}/deliveries/d1/replay`)).json).toMatchObject({ id: 'd1', state: 'pending', nextAttemptAt: expect.any(String) });
  expect((await http.call('POST', `${base}/${id}/deliveries/d9/replay`)).json).toMatchObject({ status: 404, code: 'delivery_not_found' });

  const replay = (payload?: object) => http.call('POST', `${base}/${id}/deliveries/replay`, { payload });
  expect([(await replay()).status, (await replay()).json]).toEqual([202, { replayed: 1 }]);
  expect((await replay({ state: 'delivered', from: '2026-03-01', to: '2026-03-02' })).json).toEqual({ replayed: 1 });
  expect((await replay({ to: '2026-03-01T12:00:00Z' })).json).toEqual({ replayed: 0 });
  for (const [field, payload] of [['state', { state: 'pending' }], ['from', { from: 'x' }], ['since', { since: 'x' }]] as const) {
    expect((await replay(payload)).json).toMatchObject({ status: 400, code: 'validation_failed', field });
  }
});
