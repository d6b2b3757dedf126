import { DELIVERY_COLUMNS } from '../sql/delivery-rows.js';
import type { DeliverySql } from '../sql/delivery-store.js';

const COLUMNS = DELIVERY_COLUMNS.map(name => `d.${name}`).join(', ');

// A condition that may be switched off keeps SQLite from using an index for it; a bound that is far away does not.
const list = (condition: string) => `SELECT ${COLUMNS}, d.seq FROM Delivery d
  WHERE d.webhookId = ?1${condition} AND d.createdAt >= ?2 AND (d.createdAt, d.seq) < (?3, ?4) ORDER BY d.createdAt DESC, d.seq DESC LIMIT ?5`;

export const deliveryHistorySql = {
  list: list(''),
  listByState: list(' AND d.state = ?6'),
  find: `SELECT ${COLUMNS} FROM Delivery d WHERE d.id = ?1 AND d.webhookId = ?2`,
  replayable: `SELECT d.seq, d.createdAt FROM Delivery d
    WHERE d.webhookId = ?1 AND d.state = ?2 AND d.createdAt < ?3 AND (d.createdAt, d.seq) > (?4, ?5) ORDER BY d.createdAt, d.seq LIMIT ?6`,
  replay: `UPDATE Delivery SET state = 'pending', attempts = 0, nextAttemptAt = ?3, deliveredAt = NULL, lastStatus = NULL, lastError = NULL
    WHERE seq IN (SELECT value FROM json_each(?1)) AND state = ?2`,
  replayOne: `UPDATE Delivery SET state = 'pending', attempts = 0, nextAttemptAt = ?3, deliveredAt = NULL, lastStatus = NULL, lastError = NULL
    WHERE id = ?1 AND webhookId = ?2`,
  // Webhook by webhook (CROSS JOIN keeps that order) over the index of states, so that what is pending or young is never looked at.
  prune: `DELETE FROM Delivery WHERE seq IN (
    SELECT d.seq FROM Webhook w CROSS JOIN Delivery d ON d.webhookId = w.id AND d.state = 'delivered' AND d.createdAt < ?1
    UNION ALL
    SELECT d.seq FROM Webhook w CROSS JOIN Delivery d ON d.webhookId = w.id AND d.state = 'dead' AND d.createdAt < ?1 WHERE d.nextAttemptAt < ?1
    LIMIT ?2)`,
  deleteAll: `DELETE FROM Delivery WHERE seq IN (
    SELECT d.seq FROM Webhook w JOIN Delivery d ON d.webhookId = w.id WHERE w.instanceId = ?1 LIMIT ?2)`,
  deleteOfWebhook: 'DELETE FROM Delivery WHERE seq IN (SELECT seq FROM Delivery WHERE webhookId = ?1 LIMIT ?2)',
} satisfies Partial<DeliverySql>;
