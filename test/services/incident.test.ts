import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSamples, type Samples } from '../support/metrics.js';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.js';
import { firing, RULES, type Series } from './support/promtool.js';

const PHONE = '15550003333';
const CONTACTS = ['15550004441', '15550004442', '15550004443', '15550004444'];
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
/** What says how long something lasts goes on growing with the incident. */
const GROWING = ['chasqui_webhook_breaker_open_seconds', 'chasqui_queue_oldest_seconds', 'chasqui_webhook_overdue_seconds'];

let stack: Stack;
let receiver: WebhookReceiver;
beforeAll(async () => {
  receiver = await startWebhookReceiver(SECRET);
  stack = await startStack({ env: { WEBHOOK_BREAKER_FAILURES: '3', DEAF_PROBE_SECONDS: '3' } });
});
afterAll(async () => {
  await stack?.stop();
  await receiver?.close();
});

const scrape = async (): Promise<Samples> => readSamples(await (await stack.api.raw('/metrics')).text());
const untilSample = (what: string, name: string, labels: Record<string, string>, holds: (value: number) => boolean) =>
  until(what, async () => holds((await scrape()).get(name, labels) ?? -1), 30_000);

/** A sample every 30 seconds: five minutes as before, then as it was during the incident. */
function toSeries(before: Samples, during: Samples): Series[] {
  return during.all.filter(({ name, value }) => name.startsWith('chasqui_') && !name.endsWith('_bucket') && Number.isFinite(value)).map(({ name, labels, value }) => {
    const earlier = before.get(name, labels);
    const names = Object.entries({ job: 'chasqui', instance: 'a', ...labels }).map(([label, text]) => `${label}="${text}"`).join(',');
    const later = GROWING.includes(name) && value > 0 ? `${value}+30x60` : `${value}x60`;
    return { series: `${name}{${names}}`, values: `${earlier === undefined ? '_' : earlier}x10 ${later}` };
  });
}

test('in an incident the metrics move as they should, and its samples fire the alerts that are meant for it, and no other', async () => {
  const { api, simulator } = stack;
  await stack.pair('shop', PHONE);
  await api.post('/instances/shop/webhooks', { url: receiver.url, events: ['message.received'], secret: SECRET }, 201);
  await simulator.contacts.write(CONTACTS[0] ?? '', { to: PHONE, text: 'all is well' });
  await untilSample('the first event is delivered', 'chasqui_webhook_attempts_total', { outcome: 'delivered' }, value => value === 1);
  const before = await scrape();
  expect(before.get('chasqui_webhook_breaker_open_seconds')).toBe(0);

  // A receiver breaks: its breaker opens.
  receiver.answerWith(() => ({ status: 500 }));
  for (const contact of CONTACTS) await simulator.contacts.write(contact, { to: PHONE, text: 'is anybody there?' });
  await untilSample('the breaker is open', 'chasqui_webhook_breakers', { state: 'open' }, value => value === 1);

  // WhatsApp refuses a message: a dead letter.
  simulator.faults.add({ kind: 'ack-error', code: 463, count: 1 });
  await api.post('/instances/shop/messages/text', { to: CONTACTS[0], text: 'refused' }, 502);

  // Nobody finishes a pairing.
  await api.post('/instances', { instanceId: 'nobody' }, 201);
  await api.post('/instances/nobody/connect', undefined, 200);
  await api.post('/cleanup-pending-sessions', undefined, 200);

  // The connection stands, and answers nothing: it is made again.
  simulator.faults.add({ kind: 'unanswered' });
  await untilSample('the connection is found deaf', 'chasqui_deaf_sessions_total', {}, value => value >= 1);
  simulator.faults.clear();
  await api.untilStatus('shop', 'CONNECTED', 40_000);

  // The connection goes, and no other can be made; the queue fills meanwhile.
  simulator.faults.add({ kind: 'refuse-upgrade' });
  simulator.faults.add({ kind: 'close' });
  await untilSample('connects fail', 'chasqui_connects_total', { phase: 'resume', outcome: 'failed' }, value => value >= 1);
  for (let number = 0; number < 5; number++) await api.post('/instances/shop/messages/text?async=true', { to: CONTACTS[1], text: `waits ${number}` }, 202);
  await untilSample('the queue has filled', 'chasqui_queue_messages', { state: 'due' }, value => value === 5);
  await untilSample('what waits has become old', 'chasqui_queue_oldest_seconds', { session: 'away' }, value => value > 0);
  await untilSample('the dead letter is counted', 'chasqui_dead_letters', { kind: 'message' }, value => value === 1);

  const during = await scrape();
  expect(during.get('chasqui_sends_total', { mode: 'sync', outcome: 'whatsapp_rejected' })).toBe(1);
  expect(during.get('chasqui_dead_letters_total', { kind: 'message' })).toBe(1);
  expect(during.get('chasqui_webhook_attempts_total', { outcome: 'retry' })).toBeGreaterThanOrEqual(3);
  expect(during.get('chasqui_webhook_deliveries_pending')).toBe(4);
  expect(during.get('chasqui_webhook_breaker_open_seconds')).toBeGreaterThan(0);
  expect(during.of('chasqui_reconnects_total').reduce((sum, { value }) => sum + value, 0)).toBeGreaterThanOrEqual(1);
  expect(during.get('chasqui_pairings_expired_total')).toBe(1);
  expect(during.get('chasqui_reconnects_total', { cause: 'deaf' })).toBeGreaterThanOrEqual(1);
  expect(during.get('chasqui_sends_queued_total')).toBe(5);
  expect(during.get('chasqui_sessions', { status: 'connected' })).toBe(0);
  expect(during.get('chasqui_http_requests_total', { method: 'POST', route: '/instances/:instanceId/messages/text', status: '502' })).toBe(1);

  const alerts = [...readFileSync(RULES, 'utf8').matchAll(/- alert: (\w+)/g)].map(([, name = '']) => name);
  expect(await firing(toSeries(before, before), 12, alerts)).toEqual([]);
  expect(await firing(toSeries(before, during), 12, alerts)).toEqual(['ChasquiBreakerOpen', 'ChasquiConnectSuccessLow', 'ChasquiDeadLettersGrowing', 'ChasquiDeafSessions']);

  // It is over: everything finds its way.
  simulator.faults.clear();
  receiver.answerWith(() => ({ status: 200 }));
  await api.post('/instances/shop/connect', undefined, 200);
  await untilSample('the queue is empty', 'chasqui_sends_total', { mode: 'async', outcome: 'sent' }, value => value === 5);
  await untilSample('nothing is due', 'chasqui_queue_messages', { state: 'due' }, value => value === 0);
});
