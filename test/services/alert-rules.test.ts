import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { firing, promtool, RULES, type Series } from './support/promtool.js';

const ALERTS = [...readFileSync(RULES, 'utf8').matchAll(/- alert: (\w+)/g)].map(([, name = '']) => name);
const job = 'job="chasqui",instance="a"';

test('the rules are valid', () => {
  expect(promtool('check', 'rules', RULES)).toMatchObject({ ok: true });
  expect(ALERTS.length).toBeGreaterThan(8);
});

test('nothing fires while all is well, just below each limit', () => {
  const file = fileURLToPath(new URL('../../deploy/prometheus/chasqui.rules.test.yaml', import.meta.url));
  expect([...readFileSync(file, 'utf8').matchAll(/alertname: (\w+)/g)].map(([, name]) => name)).toEqual(ALERTS);
  expect(promtool('test', 'rules', file)).toMatchObject({ ok: true });
});

/** What fires each alert, and which minute has it fire. */
const INCIDENTS: [alert: string, minute: number, ...series: Series[]][] = [
  ['ChasquiBreakerOpen', 6, { series: `chasqui_webhook_breaker_open_seconds{${job}}`, values: '0+30x120' }],
  ['ChasquiPendingSessions', 4, { series: `chasqui_pending_sessions{${job}}`, values: '11x120' }, { series: 'chasqui_pending_sessions{job="chasqui",instance="b"}', values: '10x120' }],
  ['ChasquiConnectSuccessLow', 20, { series: `chasqui_connects_total{${job},phase="resume",outcome="ok"}`, values: '0+94x120' }, { series: `chasqui_connects_total{${job},phase="qr",outcome="failed"}`, values: '0+6x120' }],
  ['ChasquiDeadLettersGrowing', 10, { series: `chasqui_dead_letters_total{${job},kind="delivery"}`, values: '0x10 1x110' }],
  ['ChasquiDeafSessions', 10, { series: `chasqui_deaf_sessions_total{${job}}`, values: '0x10 1x110' }],
  ['ChasquiFlapping', 10, { series: `chasqui_flapping_total{${job}}`, values: '0x10 1x110' }],
  ['ChasquiDown', 10, { series: `up{${job}}`, values: '1x10 0x110' }],
  ['ChasquiStoreDown', 10, { series: `chasqui_store_up{${job}}`, values: '1x10 0x110' }],
  ['ChasquiEventLoopLag', 10, { series: `chasqui_event_loop_lag_p99_seconds{${job}}`, values: '0.6x120' }],
  ['ChasquiQueueStuck', 15, { series: `chasqui_queue_oldest_seconds{${job},session="connected"}`, values: '0+60x120' }, { series: `chasqui_sends_total{${job},mode="async",outcome="sent"}`, values: '9x120' }],
  ['ChasquiQueueOld', 50, { series: `chasqui_queue_oldest_seconds{${job},session="connected"}`, values: '3000+30x120' }, { series: `chasqui_sends_total{${job},mode="async",outcome="sent"}`, values: '0+1x120' }],
];

test('there is an incident for every alert', () => expect(INCIDENTS.map(([alert]) => alert)).toEqual(ALERTS));

test.each(INCIDENTS)('%s fires, and nothing else', async (alert, minute, ...series) => {
  expect(await firing(series, minute, ALERTS)).toEqual([alert]);
});
