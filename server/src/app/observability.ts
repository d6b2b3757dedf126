import { openPrometheus, type Prometheus } from '../adapters/prometheus/open-prometheus.js';
import { watchProcessStats } from '../adapters/system/process-stats.js';
import type { Clock } from '../ports/clock.js';
import type { StoreStats } from '../ports/store-stats.js';
import type { GatewayUseCases } from '../usecases/gateway.js';
import { createSessionCounter } from '../usecases/observe/count-session-facts.js';
import { createGauges, type GaugeParts } from '../usecases/observe/gauges.js';
import { createHealthOfParts, type HealthOfPartsParts } from '../usecases/observe/health-of-parts.js';
import { createStoreWatch } from '../usecases/observe/store-watch.js';
import type { SessionObserver } from '../usecases/sessions/observe-session.js';

export interface ObservabilityOptions {
  version: string;
  stats: StoreStats;
  /** null where nothing is kept on this machine. */
  dataDir: string | null;
  clock: Clock;
}

export interface Observability {
  metrics: Prometheus;
  /** Counts what happens to connections. */
  countSessionFact: SessionObserver;
  /** What the gateway tells of itself. */
  useCases(parts: Omit<GaugeParts, 'storeWatch' | 'clock'> & Pick<HealthOfPartsParts, 'redis' | 'nodeId'>): Pick<GatewayUseCases, 'metrics' | 'healthOfParts' | 'canReachStore'>;
  /** Stops measuring. Idempotent. */
  close(): void;
}

/** What is measured from the start, and told once there is something to look at. */
export function openObservability({ version, stats, dataDir, clock }: ObservabilityOptions): Observability {
  const storeWatch = createStoreWatch({ stats, clock });
  const processStats = watchProcessStats(dataDir);
  const metrics = openPrometheus({ version });
  return {
    metrics,
    countSessionFact: createSessionCounter(metrics),
    useCases({ redis, nodeId, ...parts }) {
      const gauges = createGauges({ ...parts, storeWatch, clock });
      return {
        metrics: async () => metrics.expose(await gauges()),
        healthOfParts: createHealthOfParts({ gauges, processStats, redis, nodeId }),
        canReachStore: storeWatch.isSteady,
      };
    },
    close() {
      metrics.close();
      processStats.close();
    },
  };
}
