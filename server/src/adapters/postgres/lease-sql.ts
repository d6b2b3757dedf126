/**
 * The statements of the leases. Each is a transaction of its own at READ COMMITTED, and the database's clock decides.
 *
 * Why nobody can write in a former owner's name: a commit of session material locks its lease row `FOR KEY SHARE` as long as it lasts, and finds
 * it by epoch. A takeover changes the epoch, which is part of a unique key, so PostgreSQL wants the row `FOR UPDATE`, which excludes that lock: the
 * takeover comes after the commit, or the commit finds no such row. A renewal changes no key, and neither waits for a commit nor holds one up.
 */

/** $1 the node, from here on. One moment for the whole statement; times are epoch milliseconds. */
const CLOCK = `clock AS MATERIALIZED (SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS ms)`;

/** An instance that somebody wants connected. */
const IS_ACTIVE = `(i.active AND i."deletedAt" IS NULL)`;

const IS_FREE = `(l.owner IS NULL OR l."expiresAt" <= clock.ms)`;

const MAY_CLAIM = `EXISTS (SELECT FROM "Node" WHERE "nodeId" = $1 AND NOT draining)`;

/**
 * $2 its report, $3 the instances, $4 the lifetime, $5 whether it drains, $6 what a lease that it does not know of is let live, $7 when a node that
 * is not seen any more is forgotten. Rows of nodes that another is forgetting are left to that one, so that none waits for another.
 */
export const RENEW = `
WITH ${CLOCK},
kept AS (
  UPDATE "Lease" SET "expiresAt" = clock.ms + $4 FROM clock WHERE owner = $1 AND "instanceId" = ANY ($3) RETURNING "instanceId", epoch
), strays AS (
  UPDATE "Lease" SET owner = NULL, "expiresAt" = 0 FROM clock WHERE owner = $1 AND "instanceId" <> ALL ($3) AND "expiresAt" < clock.ms + $4 - $6
), seen AS (
  INSERT INTO "Node" ("nodeId", "startedAt", "seenAt", draining, report) SELECT $1, ms, ms, $5, $2 FROM clock
  ON CONFLICT ("nodeId") DO UPDATE SET "seenAt" = excluded."seenAt", draining = "Node".draining OR excluded.draining, report = excluded.report
), forgotten AS (
  DELETE FROM "Node" WHERE "nodeId" IN (SELECT "nodeId" FROM "Node", clock WHERE "nodeId" <> $1 AND "seenAt" < clock.ms - $7 FOR UPDATE OF "Node" SKIP LOCKED)
)
SELECT "instanceId", epoch FROM kept`;

/**
 * Epochs begin with the number of the transaction, which is greater than any epoch before it, as every takeover was a transaction: where an id
 * comes again after a purge, those who owned its predecessor are former owners too. Works from PostgreSQL 13 on.
 */
const FIRST_EPOCH = 'pg_current_xact_id()::text::bigint';

/** Rows for instances that have none yet. In one order, so that no two nodes that do it wait for each other. */
export const SEED = `
INSERT INTO "Lease" ("instanceId", owner, epoch, "expiresAt")
SELECT "instanceId", NULL, ${FIRST_EPOCH}, 0 FROM "Instance" i WHERE NOT EXISTS (SELECT FROM "Lease" l WHERE l."instanceId" = i."instanceId") ORDER BY "instanceId" LIMIT 10000
ON CONFLICT DO NOTHING`;

/** $1 the instance. */
export const SEED_ONE = `
INSERT INTO "Lease" ("instanceId", owner, epoch, "expiresAt") SELECT "instanceId", NULL, ${FIRST_EPOCH}, 0 FROM "Instance" WHERE "instanceId" = $1 ON CONFLICT DO NOTHING`;

/**
 * Rows that are free, locked; whichever is locked by somebody else is left out: a claim of another node, or the last commit of the former owner,
 * for which the next claim is early enough.
 */
const free = (condition: string, limit: string): string => `
  SELECT l."instanceId" FROM "Lease" l JOIN "Instance" i USING ("instanceId") CROSS JOIN clock
  WHERE ${MAY_CLAIM} AND ${IS_FREE} AND ${condition} ORDER BY l."expiresAt", l."instanceId" LIMIT ${limit} FOR UPDATE OF l SKIP LOCKED`;

const TAKE = `UPDATE "Lease" SET owner = $1, epoch = "Lease".epoch + 1, "expiresAt" = clock.ms + $2 FROM clock`;

/** $2 the lifetime, $3 how many active ones, $4 how many others. */
export const CLAIM = `
WITH ${CLOCK}, active AS MATERIALIZED (${free(IS_ACTIVE, '$3')}
), idle AS MATERIALIZED (${free(`NOT ${IS_ACTIVE}`, '$4')}
)
${TAKE} WHERE "instanceId" IN (SELECT "instanceId" FROM active UNION ALL SELECT "instanceId" FROM idle) RETURNING "instanceId", epoch`;

/** $2 the lifetime, $3 the instance. */
export const CLAIM_ONE = `
WITH ${CLOCK}, one AS MATERIALIZED (${free('l."instanceId" = $3', '1')}
)
${TAKE} WHERE "instanceId" IN (SELECT "instanceId" FROM one) RETURNING "instanceId", epoch`;

/** $2 instances, $3 their epochs. */
export const RELEASE = `
UPDATE "Lease" SET owner = NULL, "expiresAt" = 0 FROM unnest($2::text[], $3::bigint[]) AS given ("instanceId", epoch)
WHERE owner = $1 AND "Lease"."instanceId" = given."instanceId" AND "Lease".epoch = given.epoch`;

/** $1 the lifetime. A row for every owner and for nobody, and one for every node that counts; `nodeId` is null for all others. */
export const CENSUS = `
WITH ${CLOCK}, nodes AS (
  SELECT "nodeId" FROM "Node", clock WHERE NOT draining AND "seenAt" > clock.ms - $1
), owned AS (
  SELECT CASE WHEN NOT ${IS_FREE} THEN l.owner END AS owner,
    count(*) FILTER (WHERE ${IS_ACTIVE})::int AS active, count(*) FILTER (WHERE NOT ${IS_ACTIVE})::int AS idle
  FROM "Instance" i LEFT JOIN "Lease" l USING ("instanceId") CROSS JOIN clock GROUP BY 1
)
SELECT "nodeId", owner, coalesce(active, 0) AS active, coalesce(idle, 0) AS idle FROM nodes FULL JOIN owned ON owner = "nodeId" ORDER BY "nodeId"`;

/** $1 instances. */
export const OWNERS = `
WITH ${CLOCK} SELECT l."instanceId", l.owner, l.epoch FROM "Lease" l, clock WHERE l."instanceId" = ANY ($1) AND NOT ${IS_FREE}`;

/** $1 the lifetime. */
export const NODES = `
WITH ${CLOCK} SELECT "nodeId", "startedAt", "seenAt", draining, report FROM "Node", clock WHERE "seenAt" > clock.ms - $1 ORDER BY "startedAt", "nodeId"`;

/** $1 the node: what it holds, and which of it is active. */
export const MINE = `SELECT i."instanceId", ${IS_ACTIVE} AS active FROM "Lease" l JOIN "Instance" i USING ("instanceId") WHERE l.owner = $1`;

export const DRAIN = `UPDATE "Node" SET draining = true WHERE "nodeId" = $1`;

export const LEAVE = `
WITH released AS (UPDATE "Lease" SET owner = NULL, "expiresAt" = 0 WHERE owner = $1)
DELETE FROM "Node" WHERE "nodeId" = $1`;
