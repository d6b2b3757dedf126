import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type Cluster } from '../../support/cluster/cluster.js';
import { until } from '../../support/until.js';
import { startWebhookReceiver, type WebhookReceiver } from '../../support/webhook-receiver.js';

const SECRET = `whsec_${Buffer.alloc(32, 4).toString('base64')}`;
const PHONE = '15550130001';
const CONTACT = '16660130001';

let cluster: Cluster;
let receiver: WebhookReceiver;
beforeAll(async () => {
  // With long leases nobody notices by a renewal: it is the write that has to be refused.
  cluster = await startCluster({ nodes: 1, env: { LEASE_SECONDS: '60' } });
  receiver = await startWebhookReceiver(SECRET);
  await cluster.pair('demo', PHONE);
  await cluster.next().api.post('/instances/demo/webhooks', { url: receiver.url, secret: SECRET, events: ['message.received'] }, 201);
  await cluster.next().api.post('/instances/demo/messages/text', { to: CONTACT, text: 'Hello' }, 201);
  await cluster.simulator.contacts.write(CONTACT, { to: PHONE, text: 'Hello' });
  await until('it is reported', () => receiver.requests.length === 1);
}, 60_000);
afterAll(async () => {
  await receiver?.close();
  await cluster?.stop();
});

test('what an old socket still delivers is refused, told to nobody, and comes again to the next owner', { timeout: 60_000 }, async () => {
  const [node] = cluster.nodes;
  const materialBefore = await material();
  await takeOver();

  const { messageId } = await cluster.simulator.contacts.write(CONTACT, { to: PHONE, text: 'Is anybody there?' });
  await until('the write was refused', () => node?.complaints().some(({ msg }) => msg === 'a write was refused: another node owns the instance') ?? false);
  await until('the node closed its connection', () => cluster.simulator.stats().connectedDevices === 0);
  expect(await material()).toEqual(materialBefore);
  expect(await cluster.query(`SELECT 1 FROM "Message" WHERE "messageId" = $1`, [messageId])).toEqual([]);
  expect(cluster.simulator.log().filter(({ event, stanza }) => event === 'in' && stanza?.attrs['id'] === messageId)).toEqual([]);

  // Until the other one gives it back, nobody connects and nobody sends.
  const logins = cluster.simulator.log({ event: 'login' }).length;
  const refused = await node?.api.raw('/instances/demo/messages/text', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ to: CONTACT, text: 'Too late' }) });
  expect(refused?.status).toBe(503);
  expect(await refused?.json()).toMatchObject({ code: 'owner_unreachable' });
  expect(cluster.simulator.log({ event: 'login' })).toHaveLength(logins);

  await giveBack();
  await node?.api.untilStatus('demo', 'CONNECTED');
  await until('it is reported', () => receiver.requests.some(({ body }) => body.includes(messageId)));
  expect(receiver.requests.filter(({ body }) => body.includes(messageId))).toHaveLength(1);
  expect(cluster.simulator.contacts.received(CONTACT).map(({ text }) => text)).toEqual(['Hello']);
});

test('a synchronous send whose owner has changed is not written, and says so', { timeout: 60_000 }, async () => {
  const [node] = cluster.nodes;
  await takeOver();
  const answer = await node?.api.raw('/instances/demo/messages/text', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ to: CONTACT, text: 'From the past' }) });
  expect(answer?.status).toBe(503);
  expect(answer?.headers.get('retry-after')).not.toBeNull();
  expect(cluster.simulator.contacts.received(CONTACT).map(({ text }) => text)).toEqual(['Hello']);
  await giveBack();
  await node?.api.untilStatus('demo', 'CONNECTED');
  // Nor does it go out later: what was refused is over.
  await node?.api.post('/instances/demo/messages/text', { to: CONTACT, text: 'From today' }, 201);
  expect(cluster.simulator.contacts.received(CONTACT).map(({ text }) => text)).toEqual(['Hello', 'From today']);
});

/** As another node would, and never gives a sign of life. */
async function takeOver(): Promise<void> {
  await cluster.query(`UPDATE "Lease" SET owner = 'another', epoch = epoch + 1, "expiresAt" = extract(epoch from clock_timestamp()) * 1000 + 60000`);
}

async function giveBack(): Promise<void> {
  await cluster.query(`UPDATE "Lease" SET owner = NULL, "expiresAt" = 0 WHERE owner = 'another'`);
  await until('it is owned again', async () => (await cluster.owners()).has('demo'));
}

/** All that is kept of the session, by its digest. */
async function material(): Promise<unknown> {
  return cluster.query(`SELECT
    (SELECT md5(string_agg(type || id || md5(value), ',' ORDER BY type, id)) FROM "SignalKey") AS keys, (SELECT md5(value) FROM "SessionCredentials") AS credentials,
    (SELECT count(*) FROM "JournalEntry") AS journal, (SELECT count(*) FROM "CiphertextMemo") AS memos`);
}
