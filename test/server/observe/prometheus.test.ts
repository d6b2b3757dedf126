import { openPrometheus, type Prometheus } from '@gateway/adapters/prometheus/open-prometheus.js';
import type { Gauges } from '@gateway/ports/metrics.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSamples, type Samples } from '../../support/metrics.js';

const GAUGES: Gauges = {
  sessions: { CONNECTED: 2, CONNECTING: 1, QR_READY: 1, DISCONNECTED: 5, LOGGED_OUT: 0 }, pending: 1, cluster: null,
  breakers: { open: 1, halfOpen: 0, longestMs: 301_000 }, store: { up: true, latencyMs: 2 },
  work: { queued: 7, sending: 1, due: 4, oldestMs: { connected: 1_500, away: 60_000 }, deadMessages: 3, pendingDeliveries: 9, overdueMs: 250, deadDeliveries: 2 },
};

describe('the metrics in Prometheus\' form', () => {
  let gauges: Gauges;
  let prometheus: Prometheus;
  beforeEach(() => {
    gauges = GAUGES;
    prometheus = openPrometheus({ version: '1.2.3' });
  });
  afterEach(() => prometheus.close());
  const expose = async (): Promise<Samples> => readSamples((await prometheus.expose(gauges)).text);

  it('count what they are told', async () => {
    prometheus.sendEnded('sync', 'sent');
    prometheus.sendEnded('async', 'expired');
    prometheus.acknowledged('sync', 120);
    prometheus.deadLetter('message');
    prometheus.connectEnded('resume', 'failed');
    prometheus.requestAnswered({ method: 'GET', route: '/instances/:instanceId', status: 200, ms: 3 });
    const samples = await expose();
    expect(samples.get('chasqui_sends_total', { mode: 'sync', outcome: 'sent' })).toBe(1);
    expect(samples.get('chasqui_sends_total', { mode: 'async', outcome: 'expired' })).toBe(1);
    expect(samples.get('chasqui_send_ack_seconds_bucket', { mode: 'sync', le: '0.1' })).toBe(0);
    expect(samples.get('chasqui_send_ack_seconds_bucket', { mode: 'sync', le: '0.25' })).toBe(1);
    expect(samples.get('chasqui_dead_letters_total', { kind: 'message' })).toBe(1);
    expect(samples.get('chasqui_connects_total', { phase: 'resume', outcome: 'failed' })).toBe(1);
    expect(samples.get('chasqui_http_requests_total', { method: 'GET', route: '/instances/:instanceId', status: '200' })).toBe(1);
  });

  it('show how things are, in base units', async () => {
    const samples = await expose();
    expect(samples.get('chasqui_sessions', { status: 'disconnected' })).toBe(5);
    expect(samples.get('chasqui_webhook_breaker_open_seconds')).toBe(301);
    expect(samples.get('chasqui_queue_messages', { state: 'due' })).toBe(4);
    expect(samples.get('chasqui_queue_oldest_seconds', { session: 'connected' })).toBe(1.5);
    expect(samples.get('chasqui_dead_letters', { kind: 'delivery' })).toBe(2);
    expect(samples.get('chasqui_store_latency_seconds')).toBe(0.002);
    expect(samples.get('chasqui_build_info', { version: '1.2.3' })).toBe(1);
    const memory = samples.get('chasqui_memory_per_session_bytes') ?? 0;
    expect(memory / (samples.get('process_resident_memory_bytes') ?? 0)).toBeCloseTo(1 / 4, 1);
    expect(samples.get('chasqui_event_loop_lag_max_seconds')).toBeGreaterThanOrEqual(0);
  });

  it('leave out what does not apply, or is not known', async () => {
    gauges = { ...GAUGES, cluster: { ownedInstances: 3, nodes: 2 } };
    expect((await expose()).get('chasqui_owned_instances')).toBe(3);
    gauges = { ...GAUGES, work: null, store: { up: false, latencyMs: null } };
    const samples = await expose();
    for (const name of ['chasqui_owned_instances', 'chasqui_cluster_nodes', 'chasqui_queue_messages', 'chasqui_dead_letters', 'chasqui_webhook_overdue_seconds', 'chasqui_store_latency_seconds']) {
      expect(samples.of(name), name).toEqual([]);
      expect(samples.names(), name).toContain(name);
    }
    expect(samples.get('chasqui_store_up')).toBe(0);
  });

  it('start counters at zero, so that the first of their kind is an increase', async () => {
    const samples = await expose();
    expect(samples.get('chasqui_dead_letters_total', { kind: 'delivery' })).toBe(0);
    expect(samples.get('chasqui_deaf_sessions_total')).toBe(0);
    expect(samples.get('chasqui_connects_total', { phase: 'qr', outcome: 'failed' })).toBe(0);
  });

  it('do not grow by addresses or methods that somebody makes up', async () => {
    const before = (await expose()).size;
    for (const method of ['GET', 'PROPFIND', 'LOCK', 'SEARCH']) prometheus.requestAnswered({ method, route: null, status: 404, ms: 1 });
    const samples = await expose();
    expect(samples.get('chasqui_http_requests_total', { method: 'other', route: 'none', status: '404' })).toBe(4);
    // One counter, and one histogram with its buckets.
    expect(samples.size - before).toBe(14);
  });

  it('belong to one gateway alone', async () => {
    const other = openPrometheus({ version: '2' });
    other.messageReceived();
    expect((await expose()).get('chasqui_messages_received_total')).toBe(0);
    other.close();
  });
});
