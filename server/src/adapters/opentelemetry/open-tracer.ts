import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { Logger } from 'pino';
import { isDomainError } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import type { Note, StretchKind, TraceAttributes, Tracer } from '../../ports/tracer.js';
import { readTraceparent, writeTraceparent } from './traceparent.js';
import { watchedExporter } from './watched-exporter.js';

/** What has not been handed over by then, when the gateway stops, is lost: a collector that is away must not hold it up. */
const LAST_EXPORT_MS = 2_000;

const KINDS: Record<StretchKind, SpanKind> = { internal: SpanKind.INTERNAL, server: SpanKind.SERVER, client: SpanKind.CLIENT };

export interface TracerOptions {
  /** Where traces are posted to, as OTLP over HTTP in JSON. */
  url: string;
  serviceName: string;
  version: string;
  clock: Pick<Clock, 'after'>;
  logger: Pick<Logger, 'info' | 'warn'>;
}

/**
 * A tracer that hands its spans to a collector, in batches, beside the work. Nothing of it is global: two gateways in one process have
 * a tracer each.
 */
export function openTracer({ url, serviceName, version, clock, logger }: TracerOptions): { tracer: Tracer; close(): Promise<void> } {
  const contexts = new AsyncLocalStorageContextManager().enable();
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': serviceName, 'service.version': version }),
    spanProcessors: [new BatchSpanProcessor(watchedExporter(new OTLPTraceExporter({ url }), logger))],
  });
  const spans = provider.getTracer('chasqui', version);

  async function within<T>(parent: Context, name: string, attributes: TraceAttributes, work: (note: Note) => Promise<T>, kind: StretchKind = 'internal'): Promise<T> {
    const span = spans.startSpan(name, { attributes, kind: KINDS[kind] }, parent);
    const note: Note = more => {
      span.setAttributes(more);
      if (more['error.type'] !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
    };
    try {
      return await contexts.with(trace.setSpan(parent, span), () => work(note));
    } catch (error) {
      // Its code or class alone: a message may name a number.
      note({ 'error.type': isDomainError(error) ? error.code : error instanceof Error ? error.name : typeof error });
      throw error;
    } finally {
      span.end();
    }
  }

  let closed: Promise<void> | null = null;
  const close = async () => {
    let cancel = () => {};
    const over = new Promise<void>(resolve => { cancel = clock.after(LAST_EXPORT_MS, resolve); });
    await Promise.race([provider.shutdown().catch(() => {}), over]);
    cancel();
    contexts.disable();
  };

  return {
    tracer: {
      run: (...stretch) => within(contexts.active(), ...stretch),
      current() {
        const span = trace.getSpan(contexts.active());
        return span ? writeTraceparent(span.spanContext()) : null;
      },
      continueFrom(traceparent, ...stretch) {
        const from = readTraceparent(traceparent);
        return within(from ? trace.setSpanContext(ROOT_CONTEXT, from) : ROOT_CONTEXT, ...stretch);
      },
    },
    close: () => (closed ??= close()),
  };
}
