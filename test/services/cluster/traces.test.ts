import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type Cluster, type TestNode } from '../../support/cluster/cluster.js';
import { startTraceCollector, type CollectedSpan, type TraceCollector } from '../../support/trace-collector.js';
import { until } from '../../support/until.js';
import { startWebhookReceiver, type WebhookReceiver } from '../../support/webhook-receiver.js';

const SECRET = `whsec_${Buffer.alloc(32, 6).toString('base64')}`;
const [ACCOUNT, FRIEND] = ['15550140001', '16660140001'];
const CALLER = '00f067aa0ba902b7';
const GIVEN = { sync: 'aaf92f3577b34da6a3ce929d0e0e4736', async: 'baf92f3577b34da6a3ce929d0e0e4736' };

let cluster: Cluster;
let collector: TraceCollector;
let receiver: WebhookReceiver;
let other: TestNode;
beforeAll(async () => {
  [collector, receiver] = await Promise.all([startTraceCollector(), startWebhookReceiver(SECRET)]);
  cluster = await startCluster({ nodes: 2, env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } });
  await cluster.pair('shop', ACCOUNT);
  await cluster.next().api.post('/instances/shop/webhooks', { url: receiver.url, events: ['message.ack'], secret: SECRET }, 201);
  const owner = (await cluster.owners()).get('shop')?.node;
  other = cluster.nodes.find(node => !node.ids().includes(owner ?? '')) as TestNode;
}, 90_000);
afterAll(async () => {
  await cluster?.stop();
  await Promise.all([collector?.close(), receiver?.close()]);
});

const acksOf = (messageId: string) => receiver.requests.filter(({ body }) => body.includes(messageId));
const inTrace = (traceId: string) => collector.spans.filter(span => span.traceId === traceId);
const named = (traceId: string, name: string) => inTrace(traceId).find(span => span.name === name) as CollectedSpan;

test('a send by a node that does not own the instance is one trace, from the call over the owner to the webhook', { timeout: 60_000 }, async () => {
  const send = (query: string, traceId: string, status: number) =>
    other.api.post(`/instances/shop/messages/text${query}`, { to: FRIEND, text: 'over two nodes' }, status, { traceparent: `00-${traceId}-${CALLER}-01` }) as Promise<{ messageId: string }>;
  const sent = await send('', GIVEN.sync, 201);
  const queued = await send('?async=true', GIVEN.async, 202);
  await until('both acknowledgements were posted', () => acksOf(sent.messageId).length > 0 && acksOf(queued.messageId).length > 0);
  for (const [traceId, { messageId }] of [[GIVEN.sync, sent], [GIVEN.async, queued]] as const) {
    expect(acksOf(messageId).map(({ headers }) => String(headers['traceparent']).split('-')[1])).toContain(traceId);
    await until('the spans were handed over', () => inTrace(traceId).some(({ name }) => name === 'deliver event') && inTrace(traceId).some(({ name }) => name.startsWith('POST ')));
  }

  await until('those of the owner too', () => inTrace(GIVEN.sync).some(({ name }) => name === 'send message'));
  const asking = named(GIVEN.sync, 'ask another node');
  expect(asking).toMatchObject({ kind: 3, parentSpanId: named(GIVEN.sync, 'POST /instances/:instanceId/messages/text').spanId, attributes: { 'chasqui.verb': 'sendMessage' } });
  const doing = named(GIVEN.sync, 'do for another node');
  expect(doing).toMatchObject({ kind: 2, parentSpanId: asking.spanId });
  expect(named(GIVEN.sync, 'send message')).toMatchObject({ parentSpanId: doing.spanId });
  expect(inTrace(GIVEN.async).map(({ name }) => name)).toEqual(expect.arrayContaining(['accept message', 'wait for acknowledgement', 'deliver event']));
});
