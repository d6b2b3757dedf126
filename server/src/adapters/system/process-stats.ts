import { statfs } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { ProcessStats } from '../../ports/process-stats.js';

const RESOLUTION_MS = 20;
/** Whoever asks more often is told of the same stretch of time. */
const WINDOW_MS = 10_000;

/** @param dataDir null where nothing is kept on this machine */
export function watchProcessStats(dataDir: string | null): ProcessStats {
  const lag = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  lag.enable();
  let resetAt = performance.now();
  return {
    uptimeSeconds: () => Math.floor(process.uptime()),
    eventLoopLagMs() {
      const value = lag.percentile(99) / 1e6 - RESOLUTION_MS;
      if (performance.now() - resetAt > WINDOW_MS) {
        lag.reset();
        resetAt = performance.now();
      }
      return Number.isFinite(value) ? Math.max(0, value) : 0;
    },
    memory() {
      const { rss, heapUsed } = process.memoryUsage();
      return { residentBytes: rss, heapUsedBytes: heapUsed };
    },
    async disk() {
      if (dataDir === null) return null;
      const stats = await statfs(dataDir).catch(() => null);
      return stats && { freeBytes: stats.bavail * stats.bsize, totalBytes: stats.blocks * stats.bsize };
    },
    close: () => void lag.disable(),
  };
}
