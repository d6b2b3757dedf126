import { SCOPES, type Scope } from '@gateway/domain/access/scopes.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHttpFixture, type HttpFixture, type Route } from '../../support/http/http-fixture.js';

let http: HttpFixture;
beforeEach(async () => {
  http = await createHttpFixture();
});
afterEach(() => http.close());

/** A key with these scopes, made by the API. */
async function key(scopes: readonly Scope[], more: { instances?: string[]; rateLimitPerMinute?: number; name?: string } = {}): Promise<{ id: string; key: string }> {
  const answer = await http.call('POST', '/keys', { payload: { name: 'tested', scopes, ...more } });
  expect(answer.status).toBe(201);
  return answer.json as { id: string; key: string };
}

const READS = new Set(['GET', 'HEAD', 'OPTIONS']);
const isOpen = ({ config }: Route): boolean => config?.access === 'open' || config?.access === 'optional';

test('every route is open or names its scope, and its action in the audit log if it may change something', () => {
  const routes = http.routes.filter(route => !isOpen(route));
  expect(routes.length).toBeGreaterThan(30);
  for (const { method, url, config } of routes) {
    expect([method, url, SCOPES.includes(config?.scope as Scope)]).toEqual([method, url, true]);
    if (!READS.has(String(method))) expect([method, url, config?.audit]).toEqual([method, url, expect.stringMatching(/^[a-z_]+\.[a-z_]+$/)]);
  }
});

describe('keys', () => {
  test('are made, listed, shown, changed and revoked; what their holders send is shown once', async () => {
    const made = await http.call('POST', '/keys', { payload: { name: 'n8n', scopes: ['instances:read'], instances: ['one'], rateLimitPerMinute: 9 } });
    expect(made.json).toEqual({ id: expect.any(String) as string, name: 'n8n', scopes: ['instances:read'], instances: ['one'], rateLimitPerMinute: 9, createdAt: expect.any(String) as string, key: expect.stringMatching(/^chq_[\w-]{43}$/) as string });
    const { key: secret, ...shown } = made.json;
    const id = String(shown.id);
    expect(made.headers.location).toBe(`/keys/${id}`);
    expect((await http.call('GET', '/keys')).json).toEqual({ keys: [shown] });
    expect((await http.call('GET', `/keys/${id}`)).json).toEqual(shown);
    const changed = await http.call('PATCH', `/keys/${id}`, { payload: { scopes: ['messages:read'], instances: null, rateLimitPerMinute: null } });
    expect(changed.json).toEqual({ id, name: 'n8n', scopes: ['messages:read'], createdAt: shown.createdAt });
    expect((await http.call('GET', '/instances', { key: String(secret) })).status).toBe(403);
    expect((await http.call('DELETE', `/keys/${id}`)).json).toMatchObject({ id, revokedAt: expect.any(String) as string });
    expect((await http.call('GET', '/instances', { key: String(secret) })).status).toBe(401);
    expect(http.log()).not.toContain(secret);
    expect(JSON.stringify(http.gateway.audited)).not.toContain(secret);
  });

  test('that are not well described are refused', async () => {
    const good = { name: 'a', scopes: ['admin'] };
    for (const payload of [
      { ...good, name: '' }, { ...good, name: 'a\n' }, { ...good, name: 'a'.repeat(101) }, { scopes: ['admin'] }, { name: 'a' }, { ...good, scopes: [] }, { ...good, scopes: ['root'] },
      { ...good, scopes: ['admin', 'admin'] }, { ...good, instances: [] }, { ...good, instances: ['not an id'] }, { ...good, instances: 'one' }, { ...good, rateLimitPerMinute: 0 }, { ...good, key: 'mine' },
    ]) expect([payload, (await http.call('POST', '/keys', { payload })).json]).toMatchObject([payload, { status: 400, code: 'validation_failed' }]);
    expect((await http.call('GET', '/keys')).json).toEqual({ keys: [] });
  });

  test('that do not exist are 404', async () => {
    for (const [method, payload] of [['GET', undefined], ['PATCH', { name: 'b' }], ['DELETE', undefined]] as const) {
      expect((await http.call(method, '/keys/none', { payload })).json).toMatchObject({ status: 404, code: 'key_not_found' });
    }
  });

  test('are managed by admin keys that are bound to nothing, and by no others', async () => {
    for (const { key: other } of [await key(SCOPES.filter(scope => scope !== 'admin')), await key(['admin'], { instances: ['one'] })]) {
      expect((await http.call('POST', '/keys', { key: other, payload: { name: 'more', scopes: ['admin'] } })).json).toMatchObject({ status: 403, code: 'forbidden' });
      expect((await http.call('GET', '/keys', { key: other })).status).toBe(403);
    }
    expect(((await http.call('GET', '/keys')).json.keys as unknown[]).length).toBe(2);
  });
});

describe('a key that is bound to instances', () => {
  beforeEach(async () => {
    for (const instanceId of ['one', 'two']) await http.call('POST', '/instances', { payload: { instanceId } });
  });

  test('sees its own, and of the others no more than of what does not exist', async () => {
    const { key: bound } = await key(['admin'], { instances: ['one'] });
    expect((await http.call('GET', '/instances', { key: bound })).json).toMatchObject({ instances: [{ instanceId: 'one' }] });
    expect((await http.call('GET', '/instances/one', { key: bound })).status).toBe(200);
    const answers = await Promise.all(['two', 'none'].map(id => http.call('GET', `/instances/${id}`, { key: bound, headers: { 'x-request-id': 'same' } })));
    const [other, missing] = answers.map(({ status, json }) => JSON.stringify({ status, json }).replaceAll(/two|none/g, '…'));
    expect(other).toBe(missing);
    expect(other).toContain('instance_not_found');
  });

  test('makes the instances that it is bound to, and no others', async () => {
    const { key: bound } = await key(['instances:write'], { instances: ['three'] });
    for (const instanceId of ['two', 'four']) {
      expect((await http.call('POST', '/instances', { key: bound, payload: { instanceId } })).json).toMatchObject({ status: 403, code: 'forbidden', field: 'instanceId' });
    }
    expect((await http.call('POST', '/instances', { key: bound, payload: { instanceId: 'three' } })).status).toBe(201);
  });

  test('is refused what concerns all instances', async () => {
    const { key: bound } = await key(['admin'], { instances: ['one'] });
    const all = http.routes.filter(route => !isOpen(route) && !route.url.includes(':instanceId') && !route.config?.servesBoundKeys);
    expect(all.length).toBeGreaterThan(4);
    for (const { method, url } of all) {
      const answer = await http.call(String(method) as 'GET', url.replaceAll(/:\w+/g, 'x'), { key: bound });
      expect([method, url, answer.status]).toEqual([method, url, 403]);
    }
  });
});

describe('the audit log', () => {
  test('has who did what to which instance, what came of it, and what it made', async () => {
    const { key: sender, id } = await key(['messages:send'], { name: 'till' });
    await http.call('POST', '/instances', { payload: { instanceId: 'one' }, headers: { 'x-request-id': 'r-7' } });
    const webhook = await http.call('POST', '/instances/one/webhooks', { payload: { url: 'http://127.0.0.1:1/', events: ['message.ack'] } });
    await http.call('POST', '/instances/one/messages/text', { key: sender, payload: { to: '15550002222', text: 'a secret text' } });
    await http.call('POST', '/instances/one/connect', { key: sender });
    await http.call('DELETE', '/instances/none');
    http.gateway.setConnected('one', '15550001111');
    const backup = await http.call('POST', '/instances/one/backups');
    await http.call('POST', '/instances/one/dead-letters/M9/retry');
    await http.call('DELETE', '/instances/one?purge=true');
    await http.call('GET', '/instances');
    const tester = { id: 'k1', name: 'test' };
    expect(http.gateway.audited).toMatchObject([
      { action: 'key.create', actor: tester, instanceId: null, outcome: 'ok', detail: { keyId: id, scopes: ['messages:send'], instances: null } },
      { action: 'instance.create', actor: tester, instanceId: 'one', outcome: 'ok', requestId: 'r-7' },
      { action: 'webhook.create', instanceId: 'one', detail: { webhookId: webhook.json.id } },
      { action: 'message.send', actor: { id, name: 'till' }, instanceId: 'one', outcome: 'ok', detail: { messageId: 'M1' } },
      { action: 'instance.connect', actor: { id, name: 'till' }, instanceId: 'one', outcome: 'forbidden' },
      { action: 'instance.delete', instanceId: 'none', outcome: 'instance_not_found', detail: null },
      { action: 'instance.backup', instanceId: 'one', outcome: 'ok', detail: { backupId: backup.json.backupId } },
      { action: 'dead_letter.retry', instanceId: 'one', outcome: 'message_not_found', detail: { messageId: 'M9' } },
      { action: 'instance.delete', instanceId: 'one', outcome: 'ok', detail: { purge: true } },
    ]);
    expect(JSON.stringify(http.gateway.audited)).not.toMatch(/secret text|whsec_/);
  });

  test('is told of calls without a valid key by whoever looks keys up, and not call by call', async () => {
    await http.call('POST', '/instances', { key: 'wrong', payload: { instanceId: 'one' } });
    expect(http.gateway.audited).toEqual([]);
  });

  test('is read with filters, and by nobody else', async () => {
    await http.call('POST', '/instances', { payload: { instanceId: 'one' } });
    const { json } = await http.call('GET', '/audit?instanceId=one&actor=k1&action=instance.create&outcome=ok&since=2020-01-01&until=2099-01-01T00:00:00Z&limit=1');
    expect(json).toEqual({ entries: [{ at: expect.any(String) as string, actor: { id: 'k1', name: 'test' }, action: 'instance.create', instanceId: 'one', outcome: 'ok', requestId: expect.any(String) as string }] });
    for (const query of ['since=yesterday', 'until=2020-13-01', 'cursor=17', 'limit=0', 'limit=201', 'outcome=maybe', 'who=me', 'instanceId=a%20b']) {
      expect([query, (await http.call('GET', `/audit?${query}`)).json.code]).toEqual([query, 'validation_failed']);
    }
    const { key: other } = await key(SCOPES.filter(scope => scope !== 'admin'));
    expect((await http.call('GET', '/audit', { key: other })).status).toBe(403);
  });
});

describe('a limit of calls', () => {
  test('is each key\'s own, counts refused calls as well, and says when to come again', async () => {
    const { key: limited } = await key(['instances:read'], { rateLimitPerMinute: 3 });
    const { key: other } = await key(['instances:read'], { rateLimitPerMinute: 3 });
    const first = await http.call('GET', '/instances', { key: limited });
    expect(first.headers).toMatchObject({ 'ratelimit-limit': '3', 'ratelimit-remaining': '2' });
    expect((await http.call('POST', '/instances', { key: limited, payload: { instanceId: 'one' } })).status).toBe(403);
    expect((await http.call('GET', '/nothing', { key: limited })).status).toBe(404);
    const refused = await http.call('GET', '/instances', { key: limited });
    expect(refused.json).toMatchObject({ status: 429, code: 'rate_limited', retryAfterSeconds: expect.any(Number) as number });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(refused.headers['ratelimit-remaining']).toBe('0');
    expect((await http.call('GET', '/instances', { key: other })).status).toBe(200);
    expect((await http.call('GET', '/health', { key: limited })).status).toBe(200);
  });

  test('is off unless set, and is then every key\'s that has none of its own', async () => {
    expect((await http.call('GET', '/instances')).headers['ratelimit-limit']).toBeUndefined();
    await http.close();
    http = await createHttpFixture({}, { rateLimitPerMinute: 2 });
    const { key: own } = await key(['instances:read'], { rateLimitPerMinute: 100 });
    expect((await http.call('GET', '/instances', { key: own })).headers['ratelimit-limit']).toBe('100');
    await http.call('GET', '/instances');
    expect((await http.call('GET', '/instances')).status).toBe(429);
  });

  test('leaves two entries in the log, whatever is tried beyond it', async () => {
    const { key: limited, id } = await key(['messages:send'], { rateLimitPerMinute: 1 });
    for (let count = 0; count < 5; count += 1) await http.call('POST', '/instances/one/messages/text', { key: limited, payload: { to: '15550002222', text: 'x' } });
    await http.clock.advance(60_000);
    const entries = http.gateway.audited.filter(({ actor }) => actor.id === id);
    expect(entries).toMatchObject([{ outcome: 'instance_not_found' }, { outcome: 'rate_limited', action: 'message.send' }, { outcome: 'rate_limited', detail: { repeats: 3 } }]);
  });
});
