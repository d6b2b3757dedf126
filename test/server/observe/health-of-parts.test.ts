import type { Gauges } from '@gateway/ports/metrics.js';
import { createHealthOfParts } from '@gateway/usecases/observe/health-of-parts.js';
import { expect, test } from 'vitest';

const WELL: Gauges = {
  sessions: { CONNECTED: 2, CONNECTING: 0, QR_READY: 0, DISCONNECTED: 1, LOGGED_OUT: 0 }, pending: 0, cluster: null,
  breakers: { open: 0, halfOpen: 0, longestMs: 0 }, store: { up: true, latencyMs: 1.4 },
  work: { queued: 3, sending: 0, due: 1, oldestMs: { connected: 900, away: 0 }, deadMessages: 1, pendingDeliveries: 0, overdueMs: 0, deadDeliveries: 0 },
};
const GIB = 1024 ** 3;

/** The parts that are not well, and how they do. */
async function complaints(change: Partial<Gauges> = {}, { lagMs = 1, freeBytes = 100 * GIB, redis = 'up' as 'up' | 'down' } = {}): Promise<Record<string, string>> {
  const { parts } = await createHealthOfParts({
    gauges: async () => ({ ...WELL, ...change }), nodeId: 'node-1', redis: async () => ({ status: redis, latencyMs: redis === 'up' ? 1 : null }),
    processStats: { uptimeSeconds: () => 60, eventLoopLagMs: () => lagMs, memory: () => ({ residentBytes: 1, heapUsedBytes: 1 }), disk: async () => ({ freeBytes, totalBytes: 200 * GIB }), close: () => undefined },
  })();
  for (const { message } of Object.values(parts)) expect(message).toMatch(/^[A-Z0-9].*\.$/);
  return Object.fromEntries(Object.entries(parts).filter(([, { status }]) => status !== 'ok').map(([name, { status }]) => [name, status]));
}

test('nothing is complained of while all is well', async () => expect(await complaints()).toEqual({}));

test.each<[string, string, Partial<Gauges>, Parameters<typeof complaints>[1]]>([
  ['store', 'degraded', { store: { up: true, latencyMs: 900 } }, {}],
  ['store', 'down', { store: { up: false, latencyMs: null } }, {}],
  ['redis', 'down', {}, { redis: 'down' }],
  ['queue', 'degraded', { work: null }, {}],
  ['queue', 'degraded', { work: { ...WELL.work, oldestMs: { connected: 601_000, away: 0 } } as Gauges['work'] }, {}],
  ['sessions', 'degraded', { pending: 21 }, {}],
  ['webhooks', 'degraded', { breakers: { open: 0, halfOpen: 1, longestMs: 200_000 } }, {}],
  ['eventLoop', 'degraded', {}, { lagMs: 600 }],
  ['eventLoop', 'down', {}, { lagMs: 2_500 }],
  ['disk', 'degraded', {}, { freeBytes: GIB / 2 }],
  ['disk', 'down', {}, { freeBytes: 1 }],
])('%s is %s', async (part, status, change, machine) => expect(await complaints(change, machine)).toEqual({ [part]: status }));
