import type { Logger } from 'pino';
import type { Config } from '../config.js';
import type { Clock } from '../ports/clock.js';
import type { Tracer } from '../ports/tracer.js';
import { createTracedParts, UNTRACED, type TracedParts } from '../usecases/tracing/traced-parts.js';

export interface Tracing extends TracedParts {
  /** For what begins traces; not there where nothing is traced. */
  tracer: Tracer | undefined;
  /** Hands over what is left, within two seconds. Idempotent. */
  close(): Promise<void>;
}

/** Without a collector nothing is wrapped and nothing is loaded: tracing costs nothing then. */
export async function openTracing({ tracing, version, clock, logger }: { tracing: Config['tracing']; version: string; clock: Clock; logger: Logger }): Promise<Tracing> {
  if (!tracing) return { ...UNTRACED, tracer: undefined, close: async () => {} };
  const { openTracer } = await import('../adapters/opentelemetry/open-tracer.js');
  const { tracer, close } = openTracer({ ...tracing, version, clock, logger });
  return { ...createTracedParts(tracer, clock), tracer, close };
}
