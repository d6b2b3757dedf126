import type { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import type { SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { Logger } from 'pino';

/** Says once that traces cannot be handed over, and once that they can again; by itself the exporter says nothing. */
export function watchedExporter(exporter: OTLPTraceExporter, logger: Pick<Logger, 'info' | 'warn'>): SpanExporter {
  let works = true;
  return {
    export(spans, done) {
      exporter.export(spans, result => {
        // 0: handed over (ExportResultCode of @opentelemetry/core).
        const worked = result.code === 0;
        // Not the error's own text: it may hold the collector's address, with a key in it.
        if (!worked && works) logger.warn('traces cannot be handed to the collector of OTEL_EXPORTER_OTLP_ENDPOINT; those of this time are lost');
        if (worked && !works) logger.info('traces are handed to the collector again');
        works = worked;
        done(result);
      });
    },
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
  };
}
