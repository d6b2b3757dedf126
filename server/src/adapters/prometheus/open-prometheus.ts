import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Exposition, Gauges, Metrics } from '../../ports/metrics.js';
import { createGaugeSheet } from './gauge-sheet.js';
import { watchProcess } from './process-metrics.js';

/** Seconds. WhatsApp answers in a tenth of one or so; a synchronous send gives up after 30. */
const ACK_BUCKETS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const CONNECT_BUCKETS = [0.25, 0.5, 1, 2, 3, 5, 10, 20, 30, 60];
const POST_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const EVENT_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 5, 15, 60, 300, 1_800, 7_200, 86_400];
const REQUEST_BUCKETS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export interface Prometheus extends Metrics {
  /** Everything in Prometheus' text format, with how things are. */
  expose(gauges: Gauges): Promise<Exposition>;
  /** Stops measuring the process. Idempotent. */
  close(): void;
}

/** The gateway's metrics in a registry of their own, so that two gateways in one process do not count for each other. */
export function openPrometheus({ version }: { version: string }): Prometheus {
  const registry = new Registry();
  const registers = [registry];
  const counter = <T extends string>(name: string, help: string, ...labelNames: T[]) => new Counter({ name, help, labelNames, registers });
  const histogram = <T extends string>(name: string, help: string, buckets: number[], ...labelNames: T[]) => new Histogram({ name, help, buckets, labelNames, registers });

  new Gauge({ name: 'chasqui_build_info', help: 'The version that runs; always 1.', labelNames: ['version'], registers }).set({ version }, 1);
  const sends = counter('chasqui_sends_total', 'Outgoing messages that WhatsApp acknowledged (outcome sent) or that failed (the code of the failure).', 'mode', 'outcome');
  const queued = counter('chasqui_sends_queued_total', 'Messages accepted into the queue.');
  const acks = histogram('chasqui_send_ack_seconds', 'From when a message could leave to WhatsApp\'s acknowledgement.', ACK_BUCKETS, 'mode');
  const received = counter('chasqui_messages_received_total', 'Incoming messages, each counted once.');
  const attempts = counter('chasqui_webhook_attempts_total', 'Posts to receivers of events: delivered, to be tried again (retry), or given up (dead).', 'outcome');
  const posts = histogram('chasqui_webhook_post_seconds', 'How long a receiver took to answer, or to fail.', POST_BUCKETS, 'outcome');
  const events = histogram('chasqui_webhook_delivery_seconds', 'From an event to its delivery, all attempts and waiting included.', EVENT_BUCKETS);
  const dead = counter('chasqui_dead_letters_total', 'What was given up for good: messages that failed, deliveries that were tried for days.', 'kind');
  const connects = counter('chasqui_connects_total', 'Attempts at connecting that ended, by phase: until a QR (qr), from the scan (link), with a session that is there (resume).', 'phase', 'outcome');
  const connecting = histogram('chasqui_connect_seconds', 'How long a phase of connecting took that ended well.', CONNECT_BUCKETS, 'phase');
  const closes = counter('chasqui_connection_closes_total', 'Connections to WhatsApp that closed, by cause.', 'cause');
  const reconnects = counter('chasqui_reconnects_total', 'Connections that the gateway makes again by itself, by what ended the one before.', 'cause');
  const expired = counter('chasqui_pairings_expired_total', 'QR codes that nobody scanned in time.');
  const deaf = counter('chasqui_deaf_sessions_total', 'Connections that were up and answered nothing; they are made again.');
  const flapping = counter('chasqui_flapping_total', 'Instances found to lose their connection again and again.');
  const requests = counter('chasqui_http_requests_total', 'Requests answered, by route as documented.', 'method', 'route', 'status');
  const durations = histogram('chasqui_http_request_seconds', 'From a request\'s head to the end of its answer.', REQUEST_BUCKETS, 'method', 'route');
  // What is zero says so, or an increase from nothing to one would be seen by nobody.
  for (const mode of ['sync', 'async']) sends.inc({ mode, outcome: 'sent' }, 0);
  for (const outcome of ['delivered', 'retry', 'dead']) attempts.inc({ outcome }, 0);
  for (const kind of ['message', 'delivery']) dead.inc({ kind }, 0);
  for (const phase of ['qr', 'link', 'resume']) for (const outcome of ['ok', 'failed', 'cancelled']) connects.inc({ phase, outcome }, 0);

  const sheet = createGaugeSheet(registers);
  const stopWatching = watchProcess(registers);

  return {
    sendEnded: (mode, outcome) => sends.inc({ mode, outcome }),
    sendsQueued: count => queued.inc(count),
    acknowledged: (mode, ms) => acks.observe({ mode }, ms / 1_000),
    messageReceived: () => received.inc(),
    deliveryAttempted(outcome, ms) {
      attempts.inc({ outcome });
      posts.observe({ outcome }, ms / 1_000);
    },
    eventDelivered: ageMs => events.observe(ageMs / 1_000),
    deadLetter: kind => dead.inc({ kind }),
    connectEnded: (phase, outcome) => connects.inc({ phase, outcome }),
    connectTook: (phase, ms) => connecting.observe({ phase }, ms / 1_000),
    connectionClosed: cause => closes.inc({ cause }),
    reconnectScheduled: cause => reconnects.inc({ cause }),
    pairingExpired: () => expired.inc(),
    sessionDeaf: () => deaf.inc(),
    sessionFlapping: () => flapping.inc(),
    requestAnswered({ method, route, status, ms }) {
      // Anybody can ask for any address in any method: those without a route count as one.
      const labels = route === null ? { method: 'other', route: 'none' } : { method, route };
      requests.inc({ ...labels, status: String(status) });
      durations.observe(labels, ms / 1_000);
    },
    async expose(gauges) {
      sheet.fill(gauges);
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
    close: stopWatching,
  };
}
