import { DELIVERY_COLUMNS } from '../sql/delivery-rows.js';
import type { DeliverySql } from '../sql/delivery-store.js';

const COLUMNS = DELIVERY_COLUMNS.map(name => `d.${name}`).join(', ');

/**
 * Walks from webhook to webhook and from lane to lane over the index of pending deliveries, one look-up each, so that the cost
 * goes with the number of lanes that wait and not with the number of deliveries in them.
 */
const DUE = `WITH RECURSIVE
  hook(id) AS (
    SELECT min(webhookId) FROM Delivery WHERE state = 'pending'
    UNION ALL
    SELECT (SELECT min(webhookId) FROM Delivery WHERE state = 'pending' AND webhookId > hook.id) FROM hook WHERE hook.id IS NOT NULL
  ),
  open_hook(id) AS (
    SELECT hook.id FROM hook JOIN Webhook ON Webhook.id = hook.id
    WHERE Webhook.enabled AND hook.id NOT IN (SELECT value FROM json_each(?1))
  ),
  lane(webhookId, name) AS (
    SELECT id, (SELECT min(lane) FROM Delivery WHERE state = 'pending' AND webhookId = open_hook.id) FROM open_hook
    UNION ALL
    SELECT webhookId, (SELECT min(d.lane) FROM Delivery d WHERE d.state = 'pending' AND d.webhookId = lane.webhookId AND d.lane > lane.name)
    FROM lane WHERE name IS NOT NULL
  ),
  head(seq) AS (
    SELECT (SELECT min(d.seq) FROM Delivery d WHERE d.state = 'pending' AND d.webhookId = lane.webhookId AND d.lane = lane.name)
    FROM lane WHERE name IS NOT NULL
  ),
  ready(seq, place) AS (
    SELECT d.seq, row_number() OVER (PARTITION BY d.webhookId ORDER BY d.nextAttemptAt, d.seq)
    FROM head JOIN Delivery d ON d.seq = head.seq WHERE d.nextAttemptAt <= ?2
  )
  SELECT ${COLUMNS} FROM ready JOIN Delivery d ON d.seq = ready.seq
  WHERE ready.place <= ?3 ORDER BY ready.place, d.nextAttemptAt, d.seq LIMIT ?4`;

export const deliveryQueueSql = {
  // A webhook may be removed at this very moment; its deliveries are then left out instead of undoing what caused them.
  insert: `INSERT INTO Delivery (id, webhookId, instanceId, eventId, eventType, lane, body, state, attempts, nextAttemptAt, createdAt)
    SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, 'pending', 0, ?8, ?8 WHERE EXISTS (SELECT 1 FROM Webhook WHERE id = ?2)
    ON CONFLICT (webhookId, eventId) DO NOTHING`,
  due: DUE,
  nextDueAt: `SELECT min(nextAttemptAt) AS at FROM Delivery WHERE state = 'pending' AND nextAttemptAt > ?1`,
  // A dead delivery keeps the time of its end as the time of its next attempt. What has come to its end changes no more: who was slow to note an
  // outcome may have been overtaken by another who tried again.
  settle: `UPDATE Delivery SET state = ?2, attempts = ?3, nextAttemptAt = coalesce(?4, nextAttemptAt), deliveredAt = ?5,
    lastStatus = CASE ?6 WHEN 1 THEN ?7 ELSE lastStatus END, lastError = CASE ?8 WHEN 1 THEN ?9 ELSE lastError END WHERE id = ?1 AND state = 'pending'`,
  writesInOrder: true,
  nextInLane: `SELECT ${COLUMNS} FROM Delivery d
    WHERE d.state = 'pending' AND d.webhookId = (SELECT webhookId FROM Delivery WHERE id = ?1) AND d.lane = (SELECT lane FROM Delivery WHERE id = ?1)
    ORDER BY d.seq LIMIT 1`,
  bringForward: `UPDATE Delivery SET nextAttemptAt = ?2 WHERE webhookId = ?1 AND state = 'pending' AND nextAttemptAt > ?2`,
} satisfies Partial<DeliverySql>;
