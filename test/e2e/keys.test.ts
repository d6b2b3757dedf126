import { SCOPES, type Scope } from '@gateway/domain/access/scopes.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { routesWithKeys, type RouteCall } from '../support/all-routes.js';
import { openDatabaseRows, type DatabaseRows } from '../support/database-rows.js';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

const OWN = 'alpha';
const OTHER = 'bravo';
const OTHER_PHONE = '15550008002';
/** Whoever writes to the other instance, and what. */
const CONTACT = '15550008003';
const SECRETS = ['The name of bravo', 'https://bravo.invalid/hook', 'x-bravo-header', OTHER_PHONE, CONTACT, 'Key of bravo'];

describe('every route of the gateway', { timeout: 120_000 }, () => {
  let stack: Stack;
  let database: DatabaseRows;
  let routes: Awaited<ReturnType<typeof routesWithKeys>>;
  /** What the addresses of the other instance are made of. */
  const names: Record<string, string> = {};

  beforeAll(async () => {
    stack = await startStack();
    routes = await routesWithKeys();
    await stack.pair(OWN, '15550008001');
    await stack.pair(OTHER, OTHER_PHONE);
    await fillOther();
    // At rest, so that whatever changes from here on was changed by a call.
    for (const id of [OWN, OTHER]) await stack.api.post(`/instances/${id}/disconnect`, undefined, 200);
    await stack.api.post('/keys', { name: 'Key of bravo', scopes: ['admin'], instances: [OTHER] }, 201);
    database = openDatabaseRows(stack.dataDir);
  });
  afterAll(async () => {
    database?.close();
    await stack?.stop();
  });

  /** Messages of both directions, a dead letter, a webhook with deliveries, a backup. */
  async function fillOther(): Promise<void> {
    const at = `/instances/${OTHER}`;
    await stack.api.patch(at, { name: 'The name of bravo' });
    const webhook = await stack.api.post(`${at}/webhooks`, { url: 'https://bravo.invalid/hook', events: ['message.received', 'message.ack'], headers: { 'x-bravo-header': '1' } }, 201) as { id: string };
    names.webhookId = webhook.id;
    const { messageId } = await stack.simulator.contacts.write(CONTACT, { to: OTHER_PHONE, text: 'for bravo' });
    names.messageId = messageId;
    await until('it has arrived', async () => (await stack.api.raw(`${at}/messages/${messageId}`)).status === 200);
    await stack.api.post(`${at}/messages/text`, { to: CONTACT, text: 'from bravo' }, 201);
    await stack.api.post(`${at}/messages/text?async=true`, { to: '99955500000', text: 'dead' }, 202);
    await until('there is a dead letter', async () => (await stack.api.get(`${at}/dead-letters`) as { deadLetters: unknown[] }).deadLetters.length === 1);
    await stack.api.patch(`${at}/webhooks/${webhook.id}`, { enabled: false });
    const { deliveries } = await stack.api.get(`${at}/webhooks/${webhook.id}/deliveries`) as { deliveries: { id: string }[] };
    names.deliveryId = deliveries[0]?.id ?? '';
    const backup = await stack.api.post(`${at}/backups`, undefined, 201) as { backupId: string };
    names.backupId = backup.backupId;
    expect(Object.values(names).every(Boolean)).toBe(true);
  }

  const makeKey = async (input: object): Promise<string> => (await stack.api.post('/keys', { name: 'tested', ...input }, 201) as { key: string }).key;

  async function call(key: string, { method, url, body }: Pick<RouteCall, 'method' | 'url' | 'body'>): Promise<{ status: number; text: string }> {
    const answer = await fetch(stack.gatewayUrl + url, {
      method, headers: { 'x-api-key': key, ...(body && { 'content-type': 'application/json' }) }, ...(body && { body: JSON.stringify(body) }), signal: AbortSignal.timeout(20_000),
    });
    return { status: answer.status, text: await answer.text() };
  }

  it.each(SCOPES.filter(scope => scope !== 'admin'))('that asks for another scope refuses %s, and nothing is changed', async scope => {
    const key = await makeKey({ scopes: [scope] });
    const outside = routes.calls({ ...names, instanceId: OTHER }).filter(({ route }) => route.config?.scope !== scope);
    expect(outside.length).toBeGreaterThan(20);
    const before = database.rows();
    for (const { method, url, body } of outside) expect([method, url, (await call(key, { method, url, body })).status]).toEqual([method, url, 403]);
    expect(database.rows()).toEqual(before);
  });

  // The one that may log out and delete comes last.
  const scopes: Scope[] = [...SCOPES.filter(scope => scope !== 'admin' && scope !== 'instances:write'), 'instances:write', 'admin'];
  it.each(scopes)(`tells a key with %s that is bound to one instance nothing of another, and changes nothing of it`, async scope => {
    const key = await makeKey({ scopes: [scope], instances: [OWN] });
    const before = database.rows(OTHER);
    expect(Object.values(before).flat().length).toBeGreaterThan(20);
    const calls = [
      ...routes.calls({ ...names, instanceId: OTHER }),
      // Its own instance, with what belongs to the other one.
      ...routes.calls({ ...names, instanceId: OWN }),
    ].map(each => (each.url === '/instances' && each.body ? { ...each, body: { instanceId: OTHER } } : each));
    const queries = ['/instances?includeDeleted=true', `/audit?instanceId=${OTHER}`, '/audit?limit=200', '/keys'].map(url => ({ method: 'GET', url, body: undefined }));
    let refused = 0;
    for (const { method, url, body } of [...calls, ...queries]) {
      const { status, text } = await call(key, { method, url, body });
      const asked = `${url} ${JSON.stringify(body)}`;
      // The log of its own instance has the ids that it asked for there, which are the other one's.
      const ids = url.startsWith('/audit') ? [] : Object.values(names);
      const told = [...SECRETS, OTHER, ...ids].filter(secret => text.includes(secret) && !asked.includes(secret));
      expect([method, url, told]).toEqual([method, url, []]);
      if (!url.includes(OTHER)) continue;
      if (url.startsWith('/instances/')) expect([method, url, [403, 404].includes(status)]).toEqual([method, url, true]);
      refused += 1;
    }
    expect(refused).toBeGreaterThan(25);
    expect(database.rows(OTHER)).toEqual(before);
  });

  it('would notice', async () => {
    const { text } = await call(await makeKey({ scopes: ['instances:read'] }), { method: 'GET', url: '/instances', body: undefined });
    expect(SECRETS.filter(secret => text.includes(secret))).toEqual(['The name of bravo', OTHER_PHONE]);
    const before = database.rows(OTHER);
    await stack.api.patch(`/instances/${OTHER}`, { name: 'Changed' });
    expect(database.rows(OTHER)).not.toEqual(before);
  });

  it('wrong keys are refused without a look after ten a minute, and leave one entry in the log; a key that was good goes on', async () => {
    const statuses: number[] = [];
    for (let count = 0; count < 12; count += 1) statuses.push((await call(`guess ${count}`, { method: 'GET', url: '/instances', body: undefined })).status);
    expect(statuses).toEqual([...Array<number>(10).fill(401), 429, 429]);
    const { entries } = await stack.api.get('/audit?actor=unknown') as { entries: object[] };
    expect(entries).toMatchObject([{ action: 'access.authenticate', outcome: 'unauthorized', detail: { address: '127.0.0.1' } }]);
  });
});
