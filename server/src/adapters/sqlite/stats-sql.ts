import type { StatsSql } from '../sql/store-stats.js';

export const statsSql: StatsSql = {
  ping: 'SELECT 1 AS answer',
  queues: `SELECT instanceId, count(*) AS queued, sum(dueAt <= ?1) AS due, min(dueAt) AS firstDueAt FROM Message WHERE state = 'queued' GROUP BY instanceId`,
  // From webhook to webhook over the index by state: most deliveries are neither pending nor dead.
  totals: `SELECT
    (SELECT count(*) FROM Message WHERE state = 'sending') AS sending,
    (SELECT count(*) FROM Message WHERE state = 'failed' AND discardedAt IS NULL) AS deadMessages,
    (SELECT count(*) FROM Delivery WHERE state = 'pending') AS pendingDeliveries,
    (SELECT min(nextAttemptAt) FROM Delivery WHERE state = 'pending') AS firstDeliveryAt,
    (SELECT count(*) FROM Webhook w CROSS JOIN Delivery d WHERE d.webhookId = w.id AND d.state = 'dead') AS deadDeliveries`,
};
