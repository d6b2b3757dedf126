import { readPostgresFacts } from '../../adapters/postgres/server-facts.js';
import { fail, look, ok, warn, type Finding } from './finding.js';

const OLDEST = 130_000;
/** What a node takes besides its pool: for people, leases, and looks whether the server is back. */
const OTHER_CONNECTIONS = 9;

/** The database that nodes share: whether it answers, is new enough, takes writes, and keeps what it acknowledged. */
export function lookAtPostgres({ url, poolSize }: { url: string; poolSize: number }): Promise<Finding[]> {
  return look('database', 'Check DATABASE_URL, and that the server is up and lets this machine in.', async () => {
    const { versionNumber, version, fsync, fullPageWrites, maxConnections, isStandby } = await readPostgresFacts(url);
    const findings = [versionNumber < OLDEST ? fail('database', `PostgreSQL ${version}`, 'PostgreSQL 13 or newer is needed.') : ok('database', `PostgreSQL ${version} answers`)];
    if (isStandby) findings.push(fail('database', 'it is a standby, and takes no writes', 'Point DATABASE_URL at the primary.'));
    // Nodes set synchronous_commit for themselves, whatever the server's default; these two they cannot set.
    if (fsync !== 'on' || fullPageWrites !== 'on') findings.push(fail('database', `fsync is ${fsync}, full_page_writes ${fullPageWrites}`, 'Set both to on: a power cut loses what was acknowledged, or the database.'));
    const perNode = poolSize + OTHER_CONNECTIONS;
    if (maxConnections < 2 * perNode) findings.push(warn('database', `max_connections is ${maxConnections}`, `A node takes up to ${perNode}: raise it, or lower DATABASE_POOL_SIZE.`));
    return findings;
  });
}
