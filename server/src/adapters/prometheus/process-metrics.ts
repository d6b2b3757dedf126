import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { Counter, Gauge, type Registry } from 'prom-client';

/** How finely the event loop's lag is measured: a timer of this many milliseconds. */
const RESOLUTION_MS = 20;
const NANOSECONDS = 1e9;

/**
 * The process's own metrics, under the names that dashboards know where there are such. prom-client's defaults would do, but for their observers, which
 * nothing ever stops.
 * @returns what ends it
 */
export function watchProcess(registers: Registry[]): () => void {
  const gauge = (name: string, help: string, collect: (gauge: Gauge) => void) => new Gauge({ name, help, registers, collect() { collect(this); } });
  const startedAt = Date.now() / 1_000 - performance.now() / 1_000;

  new Counter({
    name: 'process_cpu_seconds_total', help: 'User and system time of the process.', registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  gauge('process_start_time_seconds', 'When the process was started, since the epoch.', one => one.set(startedAt));
  gauge('process_resident_memory_bytes', 'Resident memory.', one => one.set(process.memoryUsage.rss()));
  gauge('nodejs_heap_size_used_bytes', 'Memory of JavaScript objects.', one => one.set(process.memoryUsage().heapUsed));
  gauge('nodejs_external_memory_bytes', 'Memory outside of the JavaScript heap that its objects hold.', one => one.set(process.memoryUsage().external));

  const lag = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  lag.enable();
  let before = performance.eventLoopUtilization();
  // What the timer itself takes is no lag.
  const seconds = (nanoseconds: number) => Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / NANOSECONDS - RESOLUTION_MS / 1_000) : 0;
  gauge('chasqui_event_loop_lag_p50_seconds', 'Lag of the event loop since the last collection, median.', one => one.set(seconds(lag.percentile(50))));
  gauge('chasqui_event_loop_lag_p99_seconds', 'Lag of the event loop since the last collection, 99th percentile.', one => one.set(seconds(lag.percentile(99))));
  gauge('chasqui_event_loop_lag_max_seconds', 'Lag of the event loop since the last collection, the longest.', one => {
    one.set(seconds(lag.max));
    // The last of the three to be collected: what comes now counts for the next time.
    lag.reset();
  });
  gauge('chasqui_event_loop_utilization_ratio', 'Share of the time since the last collection in which the event loop was busy.', one => {
    const now = performance.eventLoopUtilization();
    one.set(performance.eventLoopUtilization(now, before).utilization);
    before = now;
  });
  return () => void lag.disable();
}
