import type { StoreStats } from '../../ports/store-stats.js';
import type { Database, SqlValue } from './database.js';

export interface StatsSql {
  /** () → one row */
  ping: string;
  /** (now, …owner) → instanceId, queued, due, firstDueAt */
  queues: string;
  /** (…owner) → sending, deadMessages, pendingDeliveries, firstDeliveryAt, deadDeliveries */
  totals: string;
}

/** What waits in the tables. Nothing else is read than indexes, but for what is dead. */
export function createStoreStats(database: Database, { stats: sql, owner }: { stats: StatsSql; owner: SqlValue[] }): StoreStats {
  return {
    async ping() {
      await database.read(sql.ping);
    },
    async work(now) {
      const [queues, [totals = {}]] = await Promise.all([database.read(sql.queues, [now, ...owner]), database.read(sql.totals, owner)]);
      const count = (name: string) => Number(totals[name] ?? 0);
      const first = totals['firstDeliveryAt'] ?? null;
      return {
        queues: queues.map(row => ({ instanceId: String(row['instanceId']), queued: Number(row['queued']), due: Number(row['due']), firstDueAt: Number(row['firstDueAt']) })),
        sending: count('sending'),
        deadMessages: count('deadMessages'),
        pendingDeliveries: count('pendingDeliveries'),
        firstDeliveryAt: first === null ? null : Number(first),
        deadDeliveries: count('deadDeliveries'),
      };
    },
  };
}
