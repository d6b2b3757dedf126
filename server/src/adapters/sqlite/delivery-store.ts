import type { DeliveryCursor, DeliveryStore } from '../../ports/message-store.js';
import type { Row, SqlValue } from './database-protocol.js';
import type { Database } from './database.js';
import { DELETE_ALL, DELETE_OF_WEBHOOK, FIND, LIST, LIST_BY_STATE, PRUNE, REPLAY, REPLAYABLE } from './delivery-history-sql.js';
import { BRING_FORWARD, DUE, NEXT_DUE_AT, NEXT_IN_LANE, SETTLE } from './delivery-queue-sql.js';
import { insertDelivery, toDelivery } from './delivery-sql.js';

/** Later than anything. */
const END_OF_TIME = Number.MAX_SAFE_INTEGER;

/** Deliveries in the embedded database. */
export function createSqliteDeliveryStore(database: Database): DeliveryStore {
  async function remove(sql: string, params: SqlValue[]): Promise<number> {
    return (await database.write([{ sql, params }])).changes[0] ?? 0;
  }

  return {
    async insert(deliveries) {
      if (deliveries.length > 0) await database.write(deliveries.map(insertDelivery));
    },
    async due(now, { limit, perWebhook, exclude }) {
      return (await database.read(DUE, [JSON.stringify(exclude), now, perWebhook, limit])).map(toDelivery);
    },
    async nextDueAt(after) {
      const [row] = await database.read(NEXT_DUE_AT, [after]);
      return (row?.at as number | null | undefined) ?? null;
    },
    async settle(deliveryId, { state, attempts, at, nextAttemptAt, lastStatus, lastError }) {
      const { rows: [next] = [] } = await database.write([{
        sql: SETTLE,
        params: [deliveryId, state, attempts, nextAttemptAt ?? (state === 'delivered' ? null : at), state === 'delivered' ? at : null,
          lastStatus === undefined ? 0 : 1, lastStatus ?? null, lastError === undefined ? 0 : 1, lastError ?? null],
      }, ...(state === 'pending' ? [] : [{ sql: NEXT_IN_LANE, params: [deliveryId], reads: true }])]);
      return next ? toDelivery(next) : null;
    },
    async bringForward(webhookId, now) {
      await database.write([{ sql: BRING_FORWARD, params: [webhookId, now] }]);
    },
    async list(webhookId, { limit, state, from = 0, to = END_OF_TIME, cursor }) {
      const before = cursor && cursor.createdAt < to ? cursor : { createdAt: to, seq: 0 };
      // One more than asked for tells whether there is a next page.
      const params = [webhookId, from, before.createdAt, before.seq, limit + 1];
      const rows = await (state === undefined ? database.read(LIST, params) : database.read(LIST_BY_STATE, [...params, state]));
      const page = rows.slice(0, limit);
      return { deliveries: page.map(toDelivery), next: rows.length > limit ? placeOf(page.at(-1)) : null };
    },
    async find(webhookId, deliveryId) {
      const [row] = await database.read(FIND, [deliveryId, webhookId]);
      return row ? toDelivery(row) : null;
    },
    async replay(webhookId, { limit, state, from = 0, to = END_OF_TIME, cursor }, now) {
      const after = cursor && cursor.createdAt >= from ? cursor : { createdAt: from, seq: 0 };
      const rows = await database.read(REPLAYABLE, [webhookId, state, to, after.createdAt, after.seq, limit]);
      if (rows.length === 0) return { replayed: 0, next: null };
      const { changes } = await database.write([{ sql: REPLAY, params: [JSON.stringify(rows.map(({ seq }) => seq)), state, now] }]);
      return { replayed: changes[0] ?? 0, next: rows.length === limit ? placeOf(rows.at(-1)) : null };
    },
    prune: (before, limit) => remove(PRUNE, [before, limit]),
    deleteAll: (instanceId, limit) => remove(DELETE_ALL, [instanceId, limit]),
    deleteOfWebhook: (webhookId, limit) => remove(DELETE_OF_WEBHOOK, [webhookId, limit]),
  };
}

function placeOf(row: Row | undefined): DeliveryCursor | null {
  return row === undefined ? null : { createdAt: row.createdAt as number, seq: row.seq as number };
}
