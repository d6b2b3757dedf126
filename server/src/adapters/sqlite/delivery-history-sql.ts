import { DELIVERY_COLUMNS } from './delivery-sql.js';

// A condition that may be switched off keeps SQLite from using an index for it; a bound that is far away does not.
const list = (condition: string) => `SELECT ${DELIVERY_COLUMNS}, d.seq FROM Delivery d
  WHERE d.webhookId = ?1${condition} AND d.createdAt >= ?2 AND (d.createdAt, d.seq) < (?3, ?4) ORDER BY d.createdAt DESC, d.seq DESC LIMIT ?5`;
export const LIST = list('');
export const LIST_BY_STATE = list(' AND d.state = ?6');
export const FIND = `SELECT ${DELIVERY_COLUMNS} FROM Delivery d WHERE d.id = ? AND d.webhookId = ?`;

export const REPLAYABLE = `SELECT d.seq, d.createdAt FROM Delivery d
  WHERE d.webhookId = ?1 AND d.state = ?2 AND d.createdAt < ?3 AND (d.createdAt, d.seq) > (?4, ?5) ORDER BY d.createdAt, d.seq LIMIT ?6`;
export const REPLAY = `UPDATE Delivery SET state = 'pending', attempts = 0, nextAttemptAt = ?3, deliveredAt = NULL, lastStatus = NULL, lastError = NULL
  WHERE seq IN (SELECT value FROM json_each(?1)) AND state = ?2`;

/** Webhook by webhook (CROSS JOIN keeps that order) over the index of states, so that what is pending or young is never looked at. */
export const PRUNE = `DELETE FROM Delivery WHERE seq IN (
  SELECT d.seq FROM Webhook w CROSS JOIN Delivery d ON d.webhookId = w.id AND d.state = 'delivered' AND d.createdAt < ?1
  UNION ALL
  SELECT d.seq FROM Webhook w CROSS JOIN Delivery d ON d.webhookId = w.id AND d.state = 'dead' AND d.createdAt < ?1 WHERE d.nextAttemptAt < ?1
  LIMIT ?2)`;
export const DELETE_ALL = `DELETE FROM Delivery WHERE seq IN (
  SELECT d.seq FROM Webhook w JOIN Delivery d ON d.webhookId = w.id WHERE w.instanceId = ?1 LIMIT ?2)`;
export const DELETE_OF_WEBHOOK = `DELETE FROM Delivery WHERE seq IN (SELECT seq FROM Delivery WHERE webhookId = ?1 LIMIT ?2)`;
