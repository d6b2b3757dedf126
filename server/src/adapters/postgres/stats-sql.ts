import type { StatsSql } from '../sql/store-stats.js';
import { ownedBy } from './sql-parts.js';

const pending = `FROM "Delivery" d WHERE d.state = 'pending' AND ${ownedBy('d', '$1')}`;

export const statsSql: StatsSql = {
  ping: 'SELECT 1 AS answer',
  queues: `SELECT m."instanceId", count(*) AS queued, count(*) FILTER (WHERE m."dueAt" <= $1) AS due, min(m."dueAt") AS "firstDueAt"
    FROM "Message" m WHERE m.state = 'queued' AND ${ownedBy('m', '$2')} GROUP BY m."instanceId"`,
  totals: `SELECT
    (SELECT count(*) FROM "Message" m WHERE m.state = 'sending' AND ${ownedBy('m', '$1')}) AS sending,
    (SELECT count(*) FROM "Message" m WHERE m.state = 'failed' AND m."discardedAt" IS NULL AND ${ownedBy('m', '$1')}) AS "deadMessages",
    (SELECT count(*) ${pending}) AS "pendingDeliveries",
    (SELECT min(d."nextAttemptAt") ${pending}) AS "firstDeliveryAt",
    (SELECT sum(dead) FROM (SELECT (SELECT count(*) FROM "Delivery" d WHERE d."webhookId" = w.id AND d.state = 'dead') AS dead
      FROM "Webhook" w WHERE ${ownedBy('w', '$1')}) AS webhooks) AS "deadDeliveries"`,
};
