import { request } from 'node:http';
import { createRequire } from 'node:module';
import { afterEach, expect, test } from 'vitest';
import { startStack, type Stack } from '../support/stack.js';
import { startTraceCollector, type CollectedSpan, type TraceCollector } from '../support/trace-collector.js';
import { until } from '../support/until.js';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.js';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const [ACCOUNT, FRIEND] = ['15550001111', '15550002222'];
const GIVEN = { sync: '4bf92f3577b34da6a3ce929d0e0e4736', async: '5bf92f3577b34da6a3ce929d0e0e4736' };
const CALLER = '00f067aa0ba902b7';
const header = (traceId: string) => ({ traceparent: `00-${traceId}-${CALLER}-01` });

const closers: (() => Promise<void>)[] = [];
afterEach(async () => { for (const close of closers.splice(0).reverse()) await close(); });

async function start(env: Record<string, string>): Promise<{ stack: Stack; receiver: WebhookReceiver }> {
  const receiver = await startWebhookReceiver(SECRET);
  closers.push(receiver.close);
  const stack = await startStack({ env });
  closers.push(stack.stop);
  await stack.pair('shop', ACCOUNT);
  await stack.api.post('/instances/shop/webhooks', { url: receiver.url, events: ['message.received', 'message.ack'], secret: SECRET }, 201);
  return { stack, receiver };
}

// prom-client loads the empty interface by itself.
const loaded = () => Object.keys(createRequire(import.meta.url).cache).filter(path => /@opentelemetry\/(?!api\/)/.test(path));
const posts = (receiver: WebhookReceiver, type: string, messageId?: string) =>
  receiver.requests.filter(({ body }) => body.includes(`"type":"${type}"`) && (messageId === undefined || body.includes(messageId)));

/** Sends the body only when the gateway has begun with the request: it then arrives outside of whatever its headers began. */
async function postInTwo(stack: Stack, path: string, body: unknown, headers: Record<string, string>): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const call = request(stack.gatewayUrl + path, { method: 'POST', headers: { ...headers, 'x-api-key': stack.apiKey, 'content-type': 'application/json', expect: '100-continue' } }, answer => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => { text += chunk; }).on('end', () => resolve(JSON.parse(text)));
    });
    call.on('error', reject).on('continue', () => call.end(JSON.stringify(body))).flushHeaders();
  });
}

// The first: what another test has loaded stays.
test('without a collector nothing of OpenTelemetry is loaded, and webhooks carry no traceparent', async () => {
  const { stack, receiver } = await start({});
  await stack.api.post('/instances/shop/messages/text', { to: FRIEND, text: 'hello' }, 201, header(GIVEN.sync));
  await until('the acknowledgement was posted', () => posts(receiver, 'message.ack').length > 0);
  expect(receiver.requests.map(({ headers }) => headers['traceparent']).filter(Boolean)).toEqual([]);
  expect(loaded()).toEqual([]);
});

test('a send, a queued send and an answer are each one trace, from the call or the message to the webhook', async () => {
  const collector: TraceCollector = await startTraceCollector();
  closers.push(collector.close);
  const { stack, receiver } = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/` });
  expect(loaded()).not.toEqual([]);
  const sent = await postInTwo(stack, '/instances/shop/messages/text', { to: FRIEND, text: 'a private word' }, header(GIVEN.sync)) as { messageId: string };
  const queued = await stack.api.post('/instances/shop/messages/text?async=true', { to: FRIEND, text: 'soon' }, 202, header(GIVEN.async)) as { messageId: string };
  await stack.api.get('/instances', 200, { traceparent: '00-00000000000000000000000000000000-00f067aa0ba902b7-01' });
  await stack.simulator.contacts.write(FRIEND, { to: ACCOUNT, text: 'back' });
  await until('all was posted', () => [posts(receiver, 'message.ack', sent.messageId), posts(receiver, 'message.ack', queued.messageId), posts(receiver, 'message.received')].every(found => found.length > 0));
  await stack.stopGateway();

  const of = (traceId: string, name: string) => {
    const found = collector.spans.find(span => span.traceId === traceId && span.name === name);
    if (!found) throw new Error(`No ${name} among ${collector.spans.filter(span => span.traceId === traceId).map(span => span.name).join(', ')}`);
    return found;
  };
  const call = of(GIVEN.sync, 'POST /instances/:instanceId/messages/text');
  expect(call).toMatchObject({ parentSpanId: CALLER, kind: 2, attributes: { 'http.response.status_code': 201 } });
  const send = of(GIVEN.sync, 'send message');
  expect(send).toMatchObject({ parentSpanId: call.spanId, attributes: { 'chasqui.instance.id': 'shop', 'chasqui.message.type': 'text' } });
  expect(of(GIVEN.sync, 'wait for acknowledgement')).toMatchObject({ parentSpanId: send.spanId, attributes: { 'chasqui.outcome': 'acknowledged' } });
  const accepting = of(GIVEN.async, 'accept message');
  expect(of(GIVEN.async, 'wait for acknowledgement')).toMatchObject({ parentSpanId: accepting.spanId, attributes: { 'chasqui.outcome': 'acknowledged' } });
  const receiving = collector.spans.find(span => span.name === 'receive message') as CollectedSpan;
  expect(receiving.parentSpanId ?? '').toBe('');
  expect(collector.spans.find(span => span.name === 'GET /instances')?.traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/);

  // The header names the post itself, in the trace of what made the event.
  for (const [traceId, [post]] of [
    [GIVEN.sync, posts(receiver, 'message.ack', sent.messageId)], [GIVEN.async, posts(receiver, 'message.ack', queued.messageId)], [receiving.traceId, posts(receiver, 'message.received')],
  ] as const) {
    const [, inTrace, spanId] = String(post?.headers['traceparent']).split('-');
    expect(inTrace).toBe(traceId);
    expect(collector.spans.find(span => span.spanId === spanId)).toMatchObject({ traceId, name: 'deliver event', kind: 3, attributes: { 'http.response.status_code': 200 } });
  }
  expect(collector.bodies.join('\n')).not.toMatch(new RegExp(`1555000|whatsapp\\.net|@lid|private word|${SECRET.slice(8, 20)}|${stack.apiKey}|${receiver.url}`));
  expect(collector.spans.filter(span => span.name.includes('health') || span.name.includes('ready'))).toEqual([]);
});
