import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSamples, type Samples } from '../support/metrics.js';
import { API_KEY, startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

let stack: Stack;
beforeAll(async () => { stack = await startStack(); });
afterAll(() => stack.stop());

async function scrape(): Promise<Samples> {
  const answer = await fetch(`${stack.gatewayUrl}/metrics`, { headers: { 'x-api-key': API_KEY } });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
  return readSamples(await answer.text());
}

test('a pairing, a send, a queued send and an answer are all in the metrics, and no instance or number is', async () => {
  await stack.pair('shop', '15550001111');
  await stack.api.post('/instances/shop/messages/text', { to: '15550002222', text: 'now' }, 201);
  await stack.api.post('/instances/shop/messages/text?async=true', { to: '15550002222', text: 'soon' }, 202);
  await stack.simulator.contacts.write('15550002222', { to: '15550001111', text: 'back' });
  await until('the queued one is acknowledged', async () => (await scrape()).get('chasqui_sends_total', { mode: 'async', outcome: 'sent' }) === 1);
  await until('the answer came in', async () => (await scrape()).get('chasqui_messages_received_total') === 1);
  const samples = await scrape();
  expect(samples.get('chasqui_sends_total', { mode: 'sync', outcome: 'sent' })).toBe(1);
  expect(samples.get('chasqui_sends_queued_total')).toBe(1);
  for (const mode of ['sync', 'async']) expect(samples.get('chasqui_send_ack_seconds_count', { mode })).toBe(1);
  for (const phase of ['qr', 'link']) {
    expect(samples.get('chasqui_connects_total', { phase, outcome: 'ok' })).toBe(1);
    expect(samples.get('chasqui_connect_seconds_count', { phase })).toBe(1);
  }
  expect(samples.get('chasqui_sessions', { status: 'connected' })).toBe(1);
  expect(samples.get('chasqui_http_requests_total', { method: 'POST', route: '/instances/:instanceId/messages/text', status: '201' })).toBe(1);
  expect(samples.get('chasqui_store_up')).toBe(1);
  const labels = samples.all.flatMap(sample => Object.values(sample.labels)).join('\n');
  expect(labels).not.toMatch(/shop|1555000/);
});

test('without a key there is nothing', async () => {
  expect((await fetch(`${stack.gatewayUrl}/metrics`)).status).toBe(401);
});

test('health tells an operator how each part does', async () => {
  const { parts, uptimeSeconds } = await stack.api.get('/health', 200) as { uptimeSeconds: number; parts: Record<string, { status: string }> };
  expect(Object.keys(parts)).toEqual(['store', 'queue', 'sessions', 'webhooks', 'eventLoop', 'memory', 'disk']);
  expect(parts).toMatchObject({ store: { status: 'ok' }, queue: { queued: 0 }, sessions: { byStatus: { CONNECTED: 1 } }, webhooks: { status: 'ok' } });
  expect(uptimeSeconds).toBeGreaterThan(0);
});
