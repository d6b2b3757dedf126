import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startCluster, type Cluster, type TestNode } from '../../support/cluster/cluster.js';
import { placeOf, untilSpread } from '../../support/cluster/places.js';
import { until } from '../../support/until.js';

const LEASE_MS = 5_000;
/** Until another node has taken over what a killed one had, and connected it. */
const TAKEN_OVER_MS = LEASE_MS + 5_000;
const phones = new Map(Array.from({ length: 9 }, (_, index) => [`shop-${index}`, String(15550400000 + index)]));

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster({ env: { LEASE_SECONDS: String(LEASE_MS / 1_000) } });
  await Promise.all([...phones].map(([instanceId, phone]) => cluster.pair(instanceId, phone, { sendIntervalMs: 0 })));
}, 120_000);
beforeEach(async () => {
  cluster.simulator.faults.clear();
  for (const node of cluster.nodes) if (!node.isUp()) await node.start();
  await untilSpread(cluster, [...phones.keys()]);
}, 90_000);
afterAll(() => cluster?.stop());

interface Problem { code: string; detail: string; messageId?: string; sent?: boolean | null; reached?: boolean; status: string }
interface Outcome { what: string; status: number; retryAfter: string | null; body: Problem; tookMs: number }

let contacts = 0;
const newContact = (): string => `1667${String(++contacts).padStart(7, '0')}`;

async function ask(node: TestNode, path: string, { method = 'POST', json, headers = {} }: { method?: string; json?: unknown; headers?: Record<string, string> } = {}): Promise<Outcome> {
  const asked = Date.now();
  const response = await node.api.raw(path, {
    method, headers: { ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...headers }, body: json === undefined ? null : JSON.stringify(json), signal: AbortSignal.timeout(90_000),
  });
  const text = await response.text();
  return { what: `${method} ${path}`, status: response.status, retryAfter: response.headers.get('retry-after'), body: (text === '' ? {} : JSON.parse(text)) as Problem, tookMs: Date.now() - asked };
}

const shownTo = (contact: string) => cluster.simulator.contacts.received(contact).map(({ messageId, times }) => ({ messageId, times }));

/** The owner of an instance, and one that can be asked meanwhile. */
async function around(instanceId: string): Promise<{ owner: TestNode; other: TestNode }> {
  const { owner, others: [other = owner] } = await placeOf(cluster, instanceId);
  return { owner, other };
}

describe('while the owner is gone and its lease lasts', () => {
  test('verbs that need it are refused at once with the time to come again, reads and queued sends are answered', { timeout: 120_000 }, async () => {
    const { owner, other } = await around('shop-0');
    const at = '/instances/shop-0';
    const contact = newContact();
    const scheduled = await ask(other, `${at}/messages/text?async=true`, { json: { to: contact, text: 'Tomorrow', scheduledAt: new Date(Date.now() + 86_400_000).toISOString() } });
    const { body: { messageId = '' } } = scheduled;
    const webhook = await other.api.post(`${at}/webhooks`, { url: 'http://127.0.0.1:9/hook', events: ['instance.status'] }, 201) as { id: string };
    await owner.end('SIGKILL');
    const killed = Date.now();

    const outcomes = await Promise.all([
      ask(other, `${at}/connect`), ask(other, `${at}/restart`), ask(other, `${at}/disconnect`), ask(other, `${at}/logout`), ask(other, `${at}/pairing-code`, { json: { phoneNumber: '15550000001' } }),
      ask(other, `${at}/qr`, { method: 'GET' }), ask(other, at, { method: 'PATCH', json: { name: 'North' } }), ask(other, at, { method: 'DELETE' }), ask(other, `${at}?purge=true`, { method: 'DELETE' }),
      ask(other, `${at}/restore`), ask(other, `${at}/messages/${messageId}/cancel`), ask(other, `${at}/messages/text`, { json: { to: contact, text: 'Hello' } }),
      ask(other, `${at}/messages/image`, { json: { to: contact, base64: 'AAAA' } }),
      ask(other, `${at}/webhooks`, { json: { url: 'http://127.0.0.1:9/hook', events: ['instance.qr'] } }), ask(other, `${at}/webhooks/${webhook.id}`, { method: 'PATCH', json: { enabled: false } }),
      ask(other, `${at}/webhooks/${webhook.id}`, { method: 'DELETE' }), ask(other, `${at}/webhooks/${webhook.id}/rotate-secret`),
      ask(other, `${at}/webhooks/${webhook.id}/deliveries/replay`),
    ]);
    expect(Date.now() - killed).toBeLessThan(LEASE_MS / 2);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 503, retryAfter: expect.stringMatching(/^\d+$/) as string });
      expect(['instance_unowned', 'owner_unreachable']).toContain(outcome.body.code);
      // It is certain that nothing was done, and that is what is said.
      expect(outcome.body).toMatchObject(outcome.body.code === 'owner_unreachable' ? { reached: false, detail: expect.stringContaining('nothing was done') as string } : {});
    }

    const queued = await ask(other, `${at}/messages/text?async=true`, { json: { to: contact, text: 'Later' } });
    expect(queued.status).toBe(202);
    const waiting = ask(other, `${at}/messages/${queued.body.messageId ?? ''}?waitFor=delivered&timeoutSeconds=60`, { method: 'GET' });
    for (const path of ['', '/status', '/messages', '/dead-letters', `/messages/${messageId}`, `/webhooks/${webhook.id}/deliveries`]) expect(await ask(other, `${at}${path}`, { method: 'GET' })).toMatchObject({ status: 200 });
    expect(await ask(other, '/instances/nobody/connect')).toMatchObject({ status: 404 });

    expect(await waiting).toMatchObject({ status: 200, body: { status: 'delivered' } });
    expect(Date.now() - killed).toBeLessThan(TAKEN_OVER_MS + 5_000);
    expect(shownTo(contact)).toEqual([{ messageId: queued.body.messageId, times: 1 }]);
    expect(await ask(other, at, { method: 'GET' })).toMatchObject({ body: { name: 'shop-0', status: 'CONNECTED', active: true } });
    expect(await ask(other, `${at}/messages/${messageId}/cancel`)).toMatchObject({ status: 200 });
    expect(((await other.api.get(`${at}/webhooks`)) as { webhooks: unknown[] }).webhooks).toHaveLength(1);
    await other.api.remove(`${at}/webhooks/${webhook.id}`, 204);
  });
});

describe('a synchronous send whose owner is killed while it waits for WhatsApp', () => {
  test.each([
    ['late', { kind: 'delay-ack', ms: 30_000 }],
    ['never', { kind: 'drop-ack' }],
  ] as const)('is answered 201 when the next owner has the acknowledgement that comes %s to the first', { timeout: 120_000 }, async (_, fault) => {
    const { owner, other } = await around('shop-1');
    const contact = newContact();
    await other.api.post('/instances/shop-1/messages/text', { to: contact, text: 'Hello' }, 201);
    cluster.simulator.faults.add({ ...fault, phone: phones.get('shop-1'), count: 1 });
    const sending = ask(other, '/instances/shop-1/messages/text', { json: { to: contact, text: 'Are you there?' } });
    await until('it is out', () => cluster.simulator.contacts.received(contact).length === 2);
    await owner.end('SIGKILL');
    const killed = Date.now();
    const outcome = await sending;
    expect(outcome).toMatchObject({ status: 201, body: { status: 'sent', messageId: shownTo(contact)[1]?.messageId } });
    expect(Date.now() - killed).toBeLessThan(TAKEN_OVER_MS + 5_000);
    expect(shownTo(contact)).toEqual([{ messageId: expect.any(String) as string, times: 1 }, { messageId: outcome.body.messageId, times: 1 }]);
  });

  test('is answered 504 with its id when the next owner cannot log in, and goes out when it can', { timeout: 150_000 }, async () => {
    const { owner, other } = await around('shop-1');
    const contact = newContact();
    await other.api.post('/instances/shop-1/messages/text', { to: contact, text: 'Hello' }, 201);
    const phone = phones.get('shop-1') ?? '';
    cluster.simulator.faults.add({ kind: 'mute', phone, count: 1 });
    const sending = ask(other, '/instances/shop-1/messages/text', { json: { to: contact, text: 'Are you there?' } });
    await until('it is out', () => cluster.simulator.log({ phone, event: 'swallowed' }).some(({ stanza }) => stanza?.tag === 'message'));
    await owner.end('SIGKILL');
    cluster.simulator.faults.add({ kind: 'refuse-login', phone });
    const outcome = await sending;
    expect(outcome.tookMs).toBeLessThan(50_000);
    expect(outcome).toMatchObject({ status: 504, body: { code: 'whatsapp_ack_timeout', messageId: expect.any(String) as string, state: 'sending' } });
    expect(shownTo(contact)).toHaveLength(1);
    cluster.simulator.faults.clear();
    const at = `/instances/shop-1/messages/${outcome.body.messageId ?? ''}`;
    await until('it is delivered', async () => (await ask(other, at, { method: 'GET' })).body.status === 'delivered', 100_000);
    expect(shownTo(contact).slice(1)).toEqual([{ messageId: outcome.body.messageId, times: 1 }]);
  });
});

test('synchronous sends during which their owner is killed, at any moment, are answered truly', { timeout: 300_000 }, async () => {
  const answers = new Map<string, number>();
  for (let round = 0; round < 6; round += 1) {
    await untilSpread(cluster, [...phones.keys()]);
    const owner = cluster.nodes[round % cluster.nodes.length] as TestNode;
    const others = cluster.nodes.filter(node => node !== owner);
    const nodeId = owner.ids().at(-1);
    const owned = [...await cluster.owners()].filter(([, { node }]) => node === nodeId).map(([instanceId]) => instanceId);
    const keyed = round % 2 === 1;
    const sends: Promise<Outcome & { contact: string }>[] = [];
    let over = false;
    const sending = (async () => {
      for (let number = 0; !over; number += 1) {
        const [instanceId = '', node = owner, contact] = [owned[number % owned.length], others[number % others.length], newContact()];
        const send = () => ask(node, `/instances/${instanceId}/messages/text`, { json: { to: contact, text: `${round}/${number}` }, headers: keyed ? { 'idempotency-key': `kill-${contact}` } : {} });
        sends.push((async () => {
          let outcome = await send();
          // With a key it may be repeated until it is done.
          for (const deadline = Date.now() + 30_000; keyed && outcome.status !== 201 && Date.now() < deadline;) {
            await new Promise(resolve => setTimeout(resolve, 250));
            outcome = await send();
          }
          return { ...outcome, contact };
        })());
        await new Promise(resolve => setTimeout(resolve, 8));
      }
    })();
    await new Promise(resolve => setTimeout(resolve, 150 + randomInt(100)));
    const kill = owner.end('SIGKILL');
    await new Promise(resolve => setTimeout(resolve, 100));
    over = true;
    await Promise.all([kill, sending]);

    const outcomes = await Promise.all(sends);
    await untilSpread(cluster, [...phones.keys()]);
    // What still waits for its acknowledgement goes out again by itself.
    await until('nothing is on its way', async () => (await cluster.query(`SELECT 1 FROM "Message" WHERE state = 'sending'`)).length === 0, 60_000);
    for (const outcome of outcomes) {
      const name = `${keyed ? 'with a key: ' : ''}${outcome.status} ${outcome.status === 201 ? '' : outcome.body.code} ${outcome.body.sent === undefined ? '' : `sent: ${String(outcome.body.sent)}`}`.trim();
      answers.set(name, (answers.get(name) ?? 0) + 1);
      const shown = shownTo(outcome.contact);
      expect(shown.filter(({ times }) => times !== 1), JSON.stringify(outcome)).toEqual([]);
      expect(shown.length, JSON.stringify(outcome)).toBeLessThanOrEqual(1);
      if (keyed) expect(outcome).toMatchObject({ status: 201 });
      if (outcome.status === 201) {
        expect(shown, JSON.stringify(outcome)).toEqual([{ messageId: outcome.body.messageId, times: 1 }]);
        continue;
      }
      expect(outcome.status === 503 || outcome.status === 504, JSON.stringify(outcome)).toBe(true);
      if (outcome.status === 503) expect(outcome.retryAfter).not.toBeNull();
      // Whoever is told that nothing was sent can send it again; whoever is not gets the id to look for.
      if (outcome.body.sent === false || outcome.body.reached === false || outcome.body.code === 'instance_unowned') expect(shown, JSON.stringify(outcome)).toEqual([]);
      else expect(outcome.body.messageId, JSON.stringify(outcome)).toEqual(shown[0]?.messageId ?? expect.any(String));
    }
    expect(Math.max(...outcomes.map(({ tookMs }) => tookMs))).toBeLessThan(45_000);
    await owner.start();
  }
  console.log('synchronous sends whose owner was killed:', Object.fromEntries(answers));
});

test('a synchronous send whose owner is paused is answered when another has taken over, and nothing hangs', { timeout: 120_000 }, async () => {
  const { owner, other } = await around('shop-2');
  const contact = newContact();
  owner.pause();
  const paused = Date.now();
  try {
    const outcomes = await Promise.all([
      ask(other, '/instances/shop-2/messages/text', { json: { to: contact, text: 'Hello?' } }), ask(other, '/instances/shop-2/connect'), ask(other, '/instances/shop-2', { method: 'PATCH', json: { name: 'South' } }),
      ask(other, '/instances/shop-2/webhooks', { method: 'GET' }),
    ]);
    for (const outcome of outcomes) expect([outcome.status, outcome.what]).toEqual([503, outcome.what]);
    expect(outcomes[0]?.body.messageId).toEqual(expect.any(String));
    expect(Date.now() - paused).toBeLessThan(20_000);
    await until('another has it', async () => (await ask(other, '/instances/shop-2/messages/text', { json: { to: contact, text: 'Hello!' } })).status === 201, 30_000);
  } finally {
    owner.resume();
  }
  await untilSpread(cluster, [...phones.keys()]);
  expect(cluster.simulator.contacts.received(contact).map(({ text, times }) => `${text} × ${times}`)).toEqual(['Hello! × 1']);
});
