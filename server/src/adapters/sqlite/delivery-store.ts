import type { DeliveryStore } from '../../ports/message-store.js';
import type { Database } from './database.js';
import { DELIVERY_COLUMNS, insertDelivery, toDelivery } from './delivery-sql.js';

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
  SELECT ${DELIVERY_COLUMNS} FROM ready JOIN Delivery d ON d.seq = ready.seq
  WHERE ready.place <= ?3 ORDER BY ready.place, d.nextAttemptAt, d.seq LIMIT ?4`;

const NEXT_IN_LANE = `SELECT ${DELIVERY_COLUMNS} FROM Delivery d
  WHERE d.state = 'pending' AND d.webhookId = ? AND d.lane = ? ORDER BY d.seq LIMIT 1`;
const NEXT_DUE_AT = `SELECT min(nextAttemptAt) AS at FROM Delivery WHERE state = 'pending' AND nextAttemptAt > ?`;
const SETTLE = `UPDATE Delivery SET state = ?2, attempts = ?3, nextAttemptAt = coalesce(?4, nextAttemptAt), deliveredAt = ?5,
  lastStatus = CASE ?6 WHEN 1 THEN ?7 ELSE lastStatus END, lastError = CASE ?8 WHEN 1 THEN ?9 ELSE lastError END WHERE id = ?1`;
const BRING_FORWARD = `UPDATE Delivery SET nextAttemptAt = ?2 WHERE webhookId = ?1 AND state = 'pending' AND nextAttemptAt > ?2`;
// A condition that may be switched off keeps SQLite from using an index for it.
const list = (condition: string) => `SELECT ${DELIVERY_COLUMNS} FROM Delivery d WHERE d.webhookId = ?1${condition} ORDER BY d.createdAt DESC, d.seq DESC LIMIT ?2`;
const LIST = list('');
const LIST_BY_STATE = list(' AND d.state = ?3');
const FIND = `SELECT ${DELIVERY_COLUMNS} FROM Delivery d WHERE d.id = ? AND d.webhookId = ?`;

/** Deliveries in the embedded database. */
export function createSqliteDeliveryStore(database: Database): DeliveryStore {
  return {
    async insert(deliveries) {
      if (deliveries.length > 0) await database.write(deliveries.map(insertDelivery));
    },
    async due(now, { limit, perWebhook, exclude }) {
      return (await database.read(DUE, [JSON.stringify(exclude), now, perWebhook, limit])).map(toDelivery);
    },
    async nextInLane(webhookId, lane) {
      const [row] = await database.read(NEXT_IN_LANE, [webhookId, lane]);
      return row ? toDelivery(row) : null;
    },
    async nextDueAt(after) {
      const [row] = await database.read(NEXT_DUE_AT, [after]);
      return (row?.at as number | null | undefined) ?? null;
    },
    async settle(deliveryId, { state, attempts, at, nextAttemptAt, lastStatus, lastError }) {
      const next = nextAttemptAt ?? (state === 'pending' ? at : null);
      await database.write([{
        sql: SETTLE,
        params: [deliveryId, state, attempts, next, state === 'delivered' ? at : null,
          lastStatus === undefined ? 0 : 1, lastStatus ?? null, lastError === undefined ? 0 : 1, lastError ?? null],
      }]);
    },
    async bringForward(webhookId, now) {
      await database.write([{ sql: BRING_FORWARD, params: [webhookId, now] }]);
    },
    async list(webhookId, { limit, state }) {
      const rows = state === undefined ? database.read(LIST, [webhookId, limit]) : database.read(LIST_BY_STATE, [webhookId, limit, state]);
      return (await rows).map(toDelivery);
    },
    async find(webhookId, deliveryId) {
      const [row] = await database.read(FIND, [deliveryId, webhookId]);
      return row ? toDelivery(row) : null;
    },
  };
}
