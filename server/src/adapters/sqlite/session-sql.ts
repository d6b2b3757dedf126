import type { SessionSql } from '../sql/session-store.js';

const PUT_KEY = `INSERT INTO SignalKey (instanceId, type, id, value) VALUES (?1, ?2, ?3, ?4)
  ON CONFLICT (instanceId, type, id) DO UPDATE SET value = excluded.value`;
const DELETE_KEY = 'DELETE FROM SignalKey WHERE instanceId = ?1 AND type = ?2 AND id = ?3';

export const sessionSql: SessionSql = {
  readCredentials: 'SELECT value FROM SessionCredentials WHERE instanceId = ?1',
  readKeys: 'SELECT id, value FROM SignalKey WHERE instanceId = ?1 AND type = ?2 AND id IN (SELECT value FROM json_each(?3))',
  putCredentials: `INSERT INTO SessionCredentials (instanceId, value) VALUES (?1, ?2)
    ON CONFLICT (instanceId) DO UPDATE SET value = excluded.value`,
  changeKeys: (instanceId, changes) => changes.map(({ type, id, value }) => (value === null
    ? { sql: DELETE_KEY, params: [instanceId, type, id] }
    : { sql: PUT_KEY, params: [instanceId, type, id, value] })),
  deleteCredentials: 'DELETE FROM SessionCredentials WHERE instanceId = ?1',
  deleteKeys: 'DELETE FROM SignalKey WHERE instanceId = ?1',
  listSessions: 'SELECT instanceId FROM SessionCredentials ORDER BY instanceId',
};
