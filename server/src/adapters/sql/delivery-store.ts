import type { NewDelivery } from '../../domain/webhooks/webhook.js';
import type { DeliveryCursor, DeliveryStore } from '../../ports/message-store.js';
import { listParam } from './bind-values.js';
import type { Database, Row, SqlValue, Statement } from './database.js';
import { toDelivery } from './delivery-rows.js';

/** `delivery` stands for all columns of a delivery (`DELIVERY_COLUMNS`). */
export interface DeliverySql {
  /** (id, webhookId, instanceId, eventId, eventType, lane, body, createdAt); writes nothing when the webhook is gone or has the event already. */
  insert: string;
  /** (webhooks to leave out, now, perWebhook, limit, …owner) → delivery */
  due: string;
  /** (after, …owner) → at, or no row */
  nextDueAt: string;
  /** Changes one that is pending: (id, state, attempts, nextAttemptAt or null, deliveredAt, whether there is a lastStatus (0, 1), lastStatus, the same of lastError, lastError). */
  settle: string;
  /** (id) → delivery, the oldest pending one of its lane */
  nextInLane: string;
  /**
   * Writes are applied one after the other, so that the next of a lane can be looked for in the transaction that settles. Where they overlap, that
   * look must come after the commit: a row that was committed meanwhile would be seen neither by it nor by whoever looks for what is due, who still
   * finds the one that is being settled at the head of the lane.
   */
  writesInOrder: boolean;
  /** (webhookId, now) */
  bringForward: string;
  /** (webhookId, from, createdAt and seq before which the page begins, limit) → delivery, seq; newest first */
  list: string;
  /** The same, and last (…, state). */
  listByState: string;
  /** (id, webhookId) → delivery */
  find: string;
  /** (webhookId, state, to, createdAt and seq after which the page begins, limit) → seq, createdAt; oldest first */
  replayable: string;
  /** (seqs, state, now): those that are still in that state become pending. */
  replay: string;
  /** (id, webhookId, now) */
  replayOne: string;
  /** (before, limit) */
  prune: string;
  /** (instanceId, limit) */
  deleteAll: string;
  /** (webhookId, limit) */
  deleteOfWebhook: string;
}

/** Later than anything. */
const END_OF_TIME = Number.MAX_SAFE_INTEGER;

/** Deliveries: what the dispatcher takes, and their history. */
export function createDeliveryStore(database: Database, { deliveries: sql, owner }: { deliveries: DeliverySql; owner: SqlValue[] }): DeliveryStore {
  async function remove(text: string, params: SqlValue[]): Promise<number> {
    return (await database.write([{ sql: text, params }])).changes[0] ?? 0;
  }

  return {
    async insert(deliveries) {
      const [first] = deliveries;
      // They are of one event, and so of one instance.
      if (first) await database.write(deliveries.map(delivery => insertDelivery(sql, delivery)), { key: first.instanceId });
    },
    async due(now, { limit, perWebhook, exclude }) {
      return (await database.read(sql.due, [listParam(exclude), now, perWebhook, limit, ...owner])).map(toDelivery);
    },
    async nextDueAt(after) {
      const [row] = await database.read(sql.nextDueAt, [after, ...owner]);
      return (row?.at as number | null | undefined) ?? null;
    },
    async settle(deliveryId, { state, attempts, at, nextAttemptAt, lastStatus, lastError }) {
      const looks = state !== 'pending';
      const { applied, rows = [] } = await database.write([{
        sql: sql.settle,
        params: [deliveryId, state, attempts, nextAttemptAt ?? (state === 'delivered' ? null : at), state === 'delivered' ? at : null,
          lastStatus === undefined ? 0 : 1, lastStatus ?? null, lastError === undefined ? 0 : 1, lastError ?? null],
        requireChanges: true,
      }, ...(looks && sql.writesInOrder ? [{ sql: sql.nextInLane, params: [deliveryId], reads: true }] : [])]);
      const [next] = looks && applied && !sql.writesInOrder ? await database.read(sql.nextInLane, [deliveryId]) : rows;
      return next ? toDelivery(next) : null;
    },
    async bringForward(webhookId, now) {
      await database.write([{ sql: sql.bringForward, params: [webhookId, now] }]);
    },
    async list(webhookId, { limit, state, from = 0, to = END_OF_TIME, cursor }) {
      const before = cursor && cursor.createdAt < to ? cursor : { createdAt: to, seq: 0 };
      // One more than asked for tells whether there is a next page.
      const params = [webhookId, from, before.createdAt, before.seq, limit + 1];
      const rows = await (state === undefined ? database.read(sql.list, params) : database.read(sql.listByState, [...params, state]));
      const page = rows.slice(0, limit);
      return { deliveries: page.map(toDelivery), next: rows.length > limit ? placeOf(page.at(-1)) : null };
    },
    async find(webhookId, deliveryId) {
      const [row] = await database.read(sql.find, [deliveryId, webhookId]);
      return row ? toDelivery(row) : null;
    },
    async replay(webhookId, { limit, state, from = 0, to = END_OF_TIME, cursor }, now) {
      const after = cursor && cursor.createdAt >= from ? cursor : { createdAt: from, seq: 0 };
      const rows = await database.read(sql.replayable, [webhookId, state, to, after.createdAt, after.seq, limit]);
      if (rows.length === 0) return { replayed: 0, next: null };
      const { changes } = await database.write([{ sql: sql.replay, params: [listParam(rows.map(({ seq }) => seq as number)), state, now] }]);
      return { replayed: changes[0] ?? 0, next: rows.length === limit ? placeOf(rows.at(-1)) : null };
    },
    async replayOne(webhookId, deliveryId, now) {
      const { rows: [row] = [] } = await database.write([
        { sql: sql.replayOne, params: [deliveryId, webhookId, now], requireChanges: true },
        { sql: sql.find, params: [deliveryId, webhookId], reads: true },
      ]);
      return row ? toDelivery(row) : null;
    },
    prune: (before, limit) => remove(sql.prune, [before, limit]),
    deleteAll: (instanceId, limit) => remove(sql.deleteAll, [instanceId, limit]),
    deleteOfWebhook: (webhookId, limit) => remove(sql.deleteOfWebhook, [webhookId, limit]),
  };
}

/** Writes a delivery, due at once, unless its webhook is gone or has this event already. */
export function insertDelivery(sql: DeliverySql, { id, webhookId, instanceId, eventId, eventType, lane, body, createdAt }: NewDelivery): Statement {
  return { sql: sql.insert, params: [id, webhookId, instanceId, eventId, eventType, lane, body, createdAt] };
}

function placeOf(row: Row | undefined): DeliveryCursor | null {
  return row === undefined ? null : { createdAt: row.createdAt as number, seq: row.seq as number };
}
