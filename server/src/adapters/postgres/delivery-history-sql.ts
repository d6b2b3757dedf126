import { DELIVERY_COLUMNS } from '../sql/delivery-rows.js';
import type { DeliverySql } from '../sql/delivery-store.js';
import { columns, numbersOf } from './sql-parts.js';

const COLUMNS = columns(DELIVERY_COLUMNS, 'd');

const list = (condition: string) => `SELECT ${COLUMNS}, d.seq FROM "Delivery" d
  WHERE d."webhookId" = $1${condition} AND d."createdAt" >= $2 AND d."createdAt" <= $3 AND (d."createdAt", d.seq) < ($3, $4)
  ORDER BY d."createdAt" DESC, d.seq DESC LIMIT $5`;

/** Of one webhook, the oldest first, over the index of states: what is pending or young is never looked at. */
const over = (condition: string) => `(SELECT d.seq FROM "Delivery" d WHERE d."webhookId" = w.id AND ${condition} AND d."createdAt" < $1 ORDER BY d."createdAt" LIMIT $2)`;

const AGAIN = `state = 'pending', attempts = 0, "nextAttemptAt" = $3, "deliveredAt" = NULL, "lastStatus" = NULL, "lastError" = NULL`;

export const deliveryHistorySql = {
  list: list(''),
  listByState: list(' AND d.state = $6'),
  find: `SELECT ${COLUMNS} FROM "Delivery" d WHERE d.id = $1 AND d."webhookId" = $2`,
  replayable: `SELECT d.seq, d."createdAt" FROM "Delivery" d
    WHERE d."webhookId" = $1 AND d.state = $2 AND d."createdAt" < $3 AND d."createdAt" >= $4 AND (d."createdAt", d.seq) > ($4, $5)
    ORDER BY d."createdAt", d.seq LIMIT $6`,
  replay: `UPDATE "Delivery" SET ${AGAIN} WHERE seq = ANY (${numbersOf('$1')}) AND state = $2`,
  replayOne: `UPDATE "Delivery" SET ${AGAIN} WHERE id = $1 AND "webhookId" = $2`,
  prune: `DELETE FROM "Delivery" WHERE seq = ANY (ARRAY(
    SELECT old.seq FROM "Webhook" w CROSS JOIN LATERAL (
      ${over(`d.state = 'delivered'`)} UNION ALL ${over(`d.state = 'dead' AND d."nextAttemptAt" < $1`)}
    ) AS old LIMIT $2))`,
  deleteAll: `DELETE FROM "Delivery" WHERE seq = ANY (ARRAY(
    SELECT own.seq FROM "Webhook" w CROSS JOIN LATERAL (SELECT d.seq FROM "Delivery" d WHERE d."webhookId" = w.id LIMIT $2) AS own
    WHERE w."instanceId" = $1 LIMIT $2))`,
  deleteOfWebhook: `DELETE FROM "Delivery" WHERE seq = ANY (ARRAY(SELECT seq FROM "Delivery" WHERE "webhookId" = $1 LIMIT $2))`,
} satisfies Partial<DeliverySql>;
