/** Names as Prisma's migrations made them: with capitals, and so quoted. */
export function columns(names: readonly string[], table?: string): string {
  return names.map(name => `${table ? `${table}.` : ''}"${name}"`).join(', ');
}

/** The texts of a list parameter, as an array: for `= ANY (…)`, which an index serves, whatever the planner believes of its length. */
export function textsOf(parameter: string): string {
  return `ARRAY(SELECT jsonb_array_elements_text(${parameter}::jsonb))`;
}

/** The numbers of a list parameter, as an array. */
export function numbersOf(parameter: string): string {
  return `ARRAY(SELECT jsonb_array_elements_text(${parameter}::jsonb)::bigint)`;
}

/**
 * Whether a row's instance is the process's own: `parameter` is its node id. The list of its own is made once and looked up for each row. `IS TRUE`
 * keeps the planner from making a join of it, which would be another order of work, and read everything.
 */
export function ownedBy(table: string, parameter: string): string {
  return `(${table}."instanceId" IN (SELECT l."instanceId" FROM "Lease" l WHERE l.owner = ${parameter})) IS TRUE`;
}
