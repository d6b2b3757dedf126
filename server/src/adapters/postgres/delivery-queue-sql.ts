import { DELIVERY_COLUMNS } from '../sql/delivery-rows.js';
import type { DeliverySql } from '../sql/delivery-store.js';
import { columns, ownedBy, textsOf } from './sql-parts.js';

const COLUMNS = columns(DELIVERY_COLUMNS, 'd');

/**
 * Walks from webhook to webhook and from lane to lane over the index of pending deliveries, one look-up each, so that the cost
 * goes with the number of lanes that wait and not with the number of deliveries in them. LATERAL with LIMIT 1 keeps it a look-up each, whatever
 * the planner believes of the number of lanes.
 */
const DUE = `WITH RECURSIVE
  hook(id) AS (
    (SELECT d."webhookId" FROM "Delivery" d WHERE d.state = 'pending' ORDER BY d."webhookId" LIMIT 1)
    UNION ALL
    SELECT (SELECT d."webhookId" FROM "Delivery" d WHERE d.state = 'pending' AND d."webhookId" > hook.id ORDER BY d."webhookId" LIMIT 1)
    FROM hook WHERE hook.id IS NOT NULL
  ),
  open_hook(id) AS MATERIALIZED (
    SELECT hook.id FROM hook JOIN "Webhook" w ON w.id = hook.id
    WHERE w.enabled AND hook.id <> ALL (${textsOf('$1')}) AND ${ownedBy('w', '$5')}
  ),
  lane(hook, name) AS (
    SELECT id, (SELECT d.lane FROM "Delivery" d WHERE d.state = 'pending' AND d."webhookId" = open_hook.id ORDER BY d.lane LIMIT 1) FROM open_hook
    UNION ALL
    SELECT hook, (SELECT d.lane FROM "Delivery" d WHERE d.state = 'pending' AND d."webhookId" = lane.hook AND d.lane > lane.name ORDER BY d.lane LIMIT 1)
    FROM lane WHERE name IS NOT NULL
  ),
  ready AS (
    SELECT head.seq, head."nextAttemptAt", row_number() OVER (PARTITION BY lane.hook ORDER BY head."nextAttemptAt", head.seq) AS place
    FROM lane CROSS JOIN LATERAL (
      SELECT d.seq, d."nextAttemptAt" FROM "Delivery" d
      WHERE d.state = 'pending' AND d."webhookId" = lane.hook AND d.lane = lane.name ORDER BY d.seq LIMIT 1
    ) AS head
    WHERE lane.name IS NOT NULL AND head."nextAttemptAt" <= $2
  )
  SELECT ${COLUMNS} FROM (SELECT * FROM ready WHERE place <= $3 ORDER BY place, "nextAttemptAt", seq LIMIT $4) AS first
  CROSS JOIN LATERAL (SELECT * FROM "Delivery" d WHERE d.seq = first.seq LIMIT 1) AS d
  ORDER BY first.place, first."nextAttemptAt", first.seq`;

export const deliveryQueueSql = {
  // A webhook may be removed at this very moment; its deliveries are then left out instead of undoing what caused them. The lock, which the
  // foreign key takes anyway, makes sure that it is still there when that is checked.
  insert: `INSERT INTO "Delivery" (id, "webhookId", "instanceId", "eventId", "eventType", lane, body, state, attempts, "nextAttemptAt", "createdAt")
    SELECT $1, $2, $3, $4, $5, $6, $7, 'pending', 0, $8::bigint, $8::bigint FROM "Webhook" w WHERE w.id = $2 FOR KEY SHARE
    ON CONFLICT ("webhookId", "eventId") DO NOTHING`,
  due: DUE,
  nextDueAt: `SELECT d."nextAttemptAt" AS at FROM "Delivery" d
    WHERE d.state = 'pending' AND d."nextAttemptAt" > $1 AND ${ownedBy('d', '$2')} ORDER BY d."nextAttemptAt" LIMIT 1`,
  // A dead delivery keeps the time of its end as the time of its next attempt. What has come to its end changes no more: who was slow to note an
  // outcome may have been overtaken by another who tried again.
  settle: `UPDATE "Delivery" SET state = $2, attempts = $3, "nextAttemptAt" = coalesce($4, "nextAttemptAt"), "deliveredAt" = $5,
    "lastStatus" = CASE $6::int WHEN 1 THEN $7::int ELSE "lastStatus" END, "lastError" = CASE $8::int WHEN 1 THEN $9 ELSE "lastError" END
    WHERE id = $1 AND state = 'pending'`,
  writesInOrder: false,
  nextInLane: `SELECT ${COLUMNS} FROM "Delivery" d
    WHERE d.state = 'pending' AND d."webhookId" = (SELECT "webhookId" FROM "Delivery" WHERE id = $1) AND d.lane = (SELECT lane FROM "Delivery" WHERE id = $1)
    ORDER BY d.seq LIMIT 1`,
  bringForward: `UPDATE "Delivery" SET "nextAttemptAt" = $2 WHERE "webhookId" = $1 AND state = 'pending' AND "nextAttemptAt" > $2`,
} satisfies Partial<DeliverySql>;
