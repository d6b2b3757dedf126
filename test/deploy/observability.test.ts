import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openPrometheus } from '@gateway/adapters/prometheus/open-prometheus.js';
import { expect, test } from 'vitest';
import { anchorsOf } from '../docs/support/markdown.js';
import { readSamples } from '../support/metrics.js';

const read = (path: string): string => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
const dashboard = JSON.parse(read('deploy/grafana/chasqui.json')) as { panels: { id: number; type: string; title: string; targets?: { expr: string }[] }[] };
const rules = read('deploy/prometheus/chasqui.rules.yaml');
const operations = read('docs/operations.md');

/** Names of all metrics, with those of a histogram's parts. */
async function exposed(): Promise<Set<string>> {
  const prometheus = openPrometheus({ version: '1' });
  const { text } = await prometheus.expose({
    sessions: { CONNECTED: 0, CONNECTING: 0, QR_READY: 0, DISCONNECTED: 0, LOGGED_OUT: 0 }, pending: 0, cluster: null,
    breakers: { open: 0, halfOpen: 0, longestMs: 0 }, work: null, store: { up: true, latencyMs: 1 },
  });
  prometheus.close();
  return new Set([...readSamples(text).names(), ...[...text.matchAll(/^# TYPE (\S+) histogram$/gm)].flatMap(([, name = '']) => [`${name}_bucket`, `${name}_count`, `${name}_sum`])]);
}

const namesIn = (text: string): string[] => [...new Set([...text.matchAll(/\b(?:chasqui|process|nodejs)_[a-z0-9_]*[a-z0-9]\b/g)].map(([name]) => name))];

test('every metric that the dashboard asks for exists', async () => {
  const known = await exposed();
  const asked = dashboard.panels.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => namesIn(expr)));
  expect(asked.length).toBeGreaterThan(20);
  expect(asked.filter(name => !known.has(name))).toEqual([]);
});

test('the dashboard\'s panels have ids of their own, and each shows something', () => {
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  expect(dashboard.panels.filter(({ type, targets = [] }) => type !== 'row' && targets.length === 0)).toEqual([]);
});

test('every metric that a rule judges by exists', async () => {
  const known = await exposed();
  const asked = namesIn(rules.replaceAll(/^ *(runbook_url|- name|description|summary):.*$/gm, ''));
  expect(asked.length).toBeGreaterThan(8);
  expect(asked.filter(name => !known.has(name))).toEqual([]);
});

test('every alert has a summary, a description and a runbook that is there', () => {
  const alerts = rules.split(/^ *- alert: /m).slice(1);
  expect(alerts.length).toBeGreaterThan(8);
  for (const alert of alerts) {
    const name = /^\w+/.exec(alert)?.[0] ?? '';
    expect(alert, name).toMatch(/summary: .+\n +description: .+/);
    expect(alert, name).toContain(`docs/operations.md#${name.toLowerCase()}`);
    expect(anchorsOf(operations)).toContain(name.toLowerCase());
  }
});

test('every metric is described, and no other', async () => {
  const prefix = /^chasqui_/;
  const own = [...await exposed()].filter(name => prefix.test(name) && !/_(bucket|count|sum)$/.test(name) && !name.startsWith('chasqui_event_loop_lag'));
  const table = operations.split('## Alerts')[0] ?? '';
  expect(own.filter(name => !table.includes(`\`${name}\``))).toEqual([]);
  const known = await exposed();
  expect(namesIn(table).filter(name => prefix.test(name) && !known.has(name))).toEqual([]);
});
