import type { InstanceStatus } from '../../domain/instances/instance.js';
import type { Clock } from '../../ports/clock.js';
import type { Leases } from '../../ports/leases.js';
import type { Gauges, WorkGauges } from '../../ports/metrics.js';
import type { WorkStats } from '../../ports/store-stats.js';
import { isPending } from '../health.js';
import type { SessionManager } from '../sessions/session-manager.js';
import type { DeliveryDispatcher } from '../webhooks/deliver-webhooks.js';
import type { StoreWatch } from './store-watch.js';

/** Who else lives is asked for this often at most. */
const NODES_EVERY_MS = 5_000;

export interface GaugeParts {
  sessions: Pick<SessionManager, 'all' | 'find'>;
  dispatcher: Pick<DeliveryDispatcher, 'trouble'>;
  storeWatch: StoreWatch;
  /** null in a gateway that shares its store with nobody. */
  cluster: { leases: Pick<Leases, 'nodes'>; ownedInstances: () => number } | null;
  clock: Clock;
}

/** How things are on this node, as it is asked. */
export function createGauges({ sessions, dispatcher, storeWatch, cluster, clock }: GaugeParts): () => Promise<Gauges> {
  let nodes = 1;
  let askedAt = -Infinity;

  async function nodesNow(): Promise<number> {
    if (!cluster || clock.elapsed() - askedAt < NODES_EVERY_MS) return nodes;
    askedAt = clock.elapsed();
    nodes = (await cluster.leases.nodes().catch(() => null))?.length ?? nodes;
    return nodes;
  }

  return async () => {
    const store = await storeWatch.look();
    const [stats, nodeCount] = store.up ? await Promise.all([storeWatch.work(), nodesNow()]) : [null, nodes];
    const now = clock.now();
    const connections = sessions.all().map(({ session }) => session.view().connection);
    const byStatus: Record<InstanceStatus, number> = { CONNECTING: 0, QR_READY: 0, CONNECTED: 0, DISCONNECTED: 0, LOGGED_OUT: 0 };
    for (const { status } of connections) byStatus[status] += 1;
    const trouble = dispatcher.trouble();
    return {
      sessions: byStatus,
      pending: connections.filter(isPending).length,
      cluster: cluster && { ownedInstances: cluster.ownedInstances(), nodes: nodeCount },
      breakers: {
        open: trouble.filter(({ state }) => state === 'OPEN').length,
        halfOpen: trouble.filter(({ state }) => state === 'HALF_OPEN').length,
        longestMs: Math.max(0, ...trouble.map(({ since }) => now - (since ?? now))),
      },
      work: stats && toGauges(stats, now, instanceId => (sessions.find(instanceId)?.socket ?? null) !== null),
      store,
    };
  };
}

function toGauges({ queues, firstDeliveryAt, ...rest }: WorkStats, now: number, isConnected: (instanceId: string) => boolean): WorkGauges {
  const oldest = (connected: boolean) => Math.max(0, ...queues.filter(({ instanceId }) => isConnected(instanceId) === connected).map(({ firstDueAt }) => now - firstDueAt));
  return {
    queued: queues.reduce((sum, { queued }) => sum + queued, 0),
    due: queues.reduce((sum, { due }) => sum + due, 0),
    oldestMs: { connected: oldest(true), away: oldest(false) },
    overdueMs: firstDeliveryAt === null ? 0 : Math.max(0, now - firstDeliveryAt),
    sending: rest.sending,
    deadMessages: rest.deadMessages,
    pendingDeliveries: rest.pendingDeliveries,
    deadDeliveries: rest.deadDeliveries,
  };
}
