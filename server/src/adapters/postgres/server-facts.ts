import pg from 'pg';

/** What a PostgreSQL server says of itself. */
export interface PostgresFacts {
  /** Such as 160003. */
  versionNumber: number;
  version: string;
  fsync: string;
  fullPageWrites: string;
  maxConnections: number;
  /** It follows a primary, and takes no writes. */
  isStandby: boolean;
}

/** Asks with one connection, within seconds. @throws the driver's error */
export function readPostgresFacts(url: string): Promise<PostgresFacts> {
  return asking(url, async client => {
    const { rows: [row] } = await client.query<PostgresFacts>(
      `SELECT current_setting('server_version_num')::int AS "versionNumber", current_setting('server_version') AS version, current_setting('fsync') AS fsync,
        current_setting('full_page_writes') AS "fullPageWrites", current_setting('max_connections')::int AS "maxConnections", pg_is_in_recovery() AS "isStandby"`);
    if (!row) throw new Error('PostgreSQL gave no answer.');
    return row;
  });
}

/** Fingerprints of the master keys that open what is sealed in a database; none where nothing is. @throws the driver's error */
export function readMasterKeys(url: string): Promise<string[]> {
  return asking(url, async client => {
    const { rows: [table] } = await client.query<{ there: boolean }>(`SELECT to_regclass('"DataKey"') IS NOT NULL AS there`);
    if (!table?.there) return [];
    return (await client.query<{ masterId: string }>('SELECT DISTINCT "masterId" FROM "DataKey"')).rows.map(({ masterId }) => masterId);
  });
}

async function asking<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
