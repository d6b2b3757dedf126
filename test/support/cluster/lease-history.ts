import type { Cluster } from './cluster.js';

/** One state of a lease, from `at` until the next of its instance (epoch milliseconds, the database's clock). */
export interface LeaseState {
  instanceId: string;
  owner: string | null;
  epoch: number;
  expiresAt: number;
  at: number;
}

/** Lets the database itself write down every change of a lease. */
export async function recordLeases(cluster: Cluster): Promise<void> {
  await cluster.query(`CREATE TABLE lease_history ("instanceId" text, owner text, epoch bigint, "expiresAt" bigint, at bigint)`);
  await cluster.query(`CREATE FUNCTION note_lease() RETURNS trigger AS $$ BEGIN
    INSERT INTO lease_history VALUES (NEW."instanceId", NEW.owner, NEW.epoch, NEW."expiresAt", (extract(epoch from clock_timestamp()) * 1000)::bigint); RETURN NEW; END $$ LANGUAGE plpgsql`);
  await cluster.query(`CREATE TRIGGER note_lease AFTER INSERT OR UPDATE ON "Lease" FOR EACH ROW EXECUTE FUNCTION note_lease()`);
}

export async function readLeaseHistory(cluster: Cluster): Promise<LeaseState[]> {
  const rows = await cluster.query('SELECT * FROM lease_history ORDER BY at');
  return rows.map(row => ({
    instanceId: String(row['instanceId']), owner: row['owner'] === null ? null : String(row['owner']),
    epoch: Number(row['epoch']), expiresAt: Number(row['expiresAt']), at: Number(row['at']),
  }));
}

/** Who held a lease that lasted at that moment. */
export function holderAt(history: readonly LeaseState[], instanceId: string, at: number): { owner: string; epoch: number } | null {
  const state = history.filter(entry => entry.instanceId === instanceId && entry.at <= at).at(-1);
  return state && state.owner !== null && state.expiresAt > at ? { owner: state.owner, epoch: state.epoch } : null;
}
