import type { Database } from '../sql/database.js';
import { EncryptionKeyError } from '../crypto/encryption-key-error.js';

const LOOK = `SELECT (SELECT count(*) FROM "DataKey")::int AS keys, (SELECT count(*) FROM "SessionCredentials")::int AS sessions,
  (SELECT count(*) FROM "Node" WHERE "seenAt" > extract(epoch FROM clock_timestamp()) * 1000 - 30000)::int AS nodes`;

/**
 * Nodes from before there was a seal cannot read what is sealed: nothing is sealed beside them.
 * @throws EncryptionKeyError `NODES_OF_EARLIER_RELEASE`
 */
export async function refuseEarlierNodes(database: Pick<Database, 'read'>): Promise<void> {
  const [row] = await database.read(LOOK);
  if (row?.keys !== 0 || Number(row.sessions) === 0 || Number(row.nodes) === 0) return;
  throw new EncryptionKeyError('NODES_OF_EARLIER_RELEASE', 'Nodes of an earlier release are running on this database, which could not read their sessions once these are sealed. Stop them all, wait half a minute if one was killed, and start this release on every node. Nothing was changed.');
}
