import type { KeyChange } from '../../ports/session-store.js';
import { storableText } from '../sql/bind-values.js';
import type { SessionSql } from '../sql/session-store.js';
import { textsOf } from './sql-parts.js';

/** All keys of a commit in one statement: (instanceId, [type, id, value in Base64] each). */
const PUT_KEYS = `INSERT INTO "SignalKey" ("instanceId", type, id, value)
  SELECT $1, k->>0, k->>1, decode(k->>2, 'base64') FROM jsonb_array_elements($2::jsonb) AS k
  ON CONFLICT ("instanceId", type, id) DO UPDATE SET value = excluded.value`;
const DELETE_KEY = 'DELETE FROM "SignalKey" WHERE "instanceId" = $1 AND type = $2 AND id = $3';

export const sessionSql: SessionSql = {
  readCredentials: 'SELECT value FROM "SessionCredentials" WHERE "instanceId" = $1',
  readKeys: `SELECT id, value FROM "SignalKey" WHERE "instanceId" = $1 AND type = $2 AND id = ANY (${textsOf('$3')})`,
  putCredentials: `INSERT INTO "SessionCredentials" ("instanceId", value) VALUES ($1, $2)
    ON CONFLICT ("instanceId") DO UPDATE SET value = excluded.value`,
  changeKeys(instanceId, changes) {
    const put = changes.filter((change): change is KeyChange & { value: Uint8Array } => change.value !== null);
    return [
      ...put.length > 0 ? [{ sql: PUT_KEYS, params: [instanceId, JSON.stringify(put.map(toTexts))] }] : [],
      ...changes.filter(({ value }) => value === null).map(({ type, id }) => ({ sql: DELETE_KEY, params: [instanceId, type, id] })),
    ];
  },
  deleteCredentials: 'DELETE FROM "SessionCredentials" WHERE "instanceId" = $1',
  deleteKeys: 'DELETE FROM "SignalKey" WHERE "instanceId" = $1',
  listSessions: 'SELECT "instanceId" FROM "SessionCredentials" ORDER BY "instanceId"',
};

function toTexts({ type, id, value }: KeyChange & { value: Uint8Array }): string[] {
  return [storableText(type), storableText(id), Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')];
}
