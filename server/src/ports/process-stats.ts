/** How the process itself does. */
export interface ProcessStats {
  /** Seconds since it was started. */
  uptimeSeconds(): number;
  /** 99th percentile of the event loop's lag since this was asked last, or for some seconds, in milliseconds. */
  eventLoopLagMs(): number;
  memory(): { residentBytes: number; heapUsedBytes: number };
  /** The disk that the data directory is on; null where nothing is kept there, or nobody knows. */
  disk(): Promise<{ freeBytes: number; totalBytes: number } | null>;
  /** Stops measuring. Idempotent. */
  close(): void;
}
