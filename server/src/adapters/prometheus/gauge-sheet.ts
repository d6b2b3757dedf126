import { Gauge, type Registry } from 'prom-client';
import type { Gauges } from '../../ports/metrics.js';

/** What is not counted but looked at: filled in anew for each collection. What is not known is left out. */
export function createGaugeSheet(registers: Registry[]): { fill(gauges: Gauges): void } {
  const gauge = <T extends string>(name: string, help: string, ...labelNames: T[]) => new Gauge({ name, help, labelNames, registers });

  const sessions = gauge('chasqui_sessions', 'Instances of this node by the state of their connection.', 'status');
  const pending = gauge('chasqui_pending_sessions', 'Instances on their way to a first connection, whose QR waits to be scanned.');
  const memory = gauge('chasqui_memory_per_session_bytes', 'Resident memory divided by the instances that are connected, or becoming so.');
  const owned = gauge('chasqui_owned_instances', 'Instances that this node of a cluster owns.');
  const nodes = gauge('chasqui_cluster_nodes', 'Nodes of the cluster that live, as this node sees it.');
  const breakers = gauge('chasqui_webhook_breakers', 'Circuit breakers of receivers that are not closed.', 'state');
  const longest = gauge('chasqui_webhook_breaker_open_seconds', 'How long the first of the breakers has not been closed; 0 when all are.');
  const queue = gauge('chasqui_queue_messages', 'Asynchronous sends that wait (queued), those of them that are due, and all messages without an acknowledgement (sending).', 'state');
  const oldest = gauge('chasqui_queue_oldest_seconds', 'How long the first message of the queue has been due, of instances that are connected and of those that are not (away).', 'session');
  const dead = gauge('chasqui_dead_letters', 'What was given up and waits for a person.', 'kind');
  const deliveries = gauge('chasqui_webhook_deliveries_pending', 'Deliveries of events that are still to be made.');
  const overdue = gauge('chasqui_webhook_overdue_seconds', 'How long the first delivery has been due.');
  const up = gauge('chasqui_store_up', 'Whether the store answered when it was asked last.');
  const latency = gauge('chasqui_store_latency_seconds', 'How long the store took to answer.');

  return {
    fill({ sessions: byStatus, pending: waiting, cluster, breakers: { open, halfOpen, longestMs }, work, store }) {
      for (const [status, count] of Object.entries(byStatus)) sessions.set({ status: status.toLowerCase() }, count);
      pending.set(waiting);
      memory.set(process.memoryUsage.rss() / Math.max(1, byStatus.CONNECTED + byStatus.CONNECTING + byStatus.QR_READY));
      // They do not apply to a gateway alone.
      if (cluster) {
        owned.set(cluster.ownedInstances);
        nodes.set(cluster.nodes);
      } else {
        owned.remove();
        nodes.remove();
      }
      breakers.set({ state: 'open' }, open);
      breakers.set({ state: 'half_open' }, halfOpen);
      longest.set(longestMs / 1_000);
      up.set(store.up ? 1 : 0);
      if (store.latencyMs === null) latency.remove();
      else latency.set(store.latencyMs / 1_000);
      if (work === null) {
        for (const unknown of [queue, oldest, dead]) unknown.reset();
        for (const unknown of [deliveries, overdue]) unknown.remove();
        return;
      }
      queue.set({ state: 'queued' }, work.queued);
      queue.set({ state: 'due' }, work.due);
      queue.set({ state: 'sending' }, work.sending);
      oldest.set({ session: 'connected' }, work.oldestMs.connected / 1_000);
      oldest.set({ session: 'away' }, work.oldestMs.away / 1_000);
      dead.set({ kind: 'message' }, work.deadMessages);
      dead.set({ kind: 'delivery' }, work.deadDeliveries);
      deliveries.set(work.pendingDeliveries);
      overdue.set(work.overdueMs / 1_000);
    },
  };
}
