import { createRequire } from 'node:module';
import { join } from 'node:path';
import { serverDir } from './providers.mjs';

const require = createRequire(join(serverDir, 'package.json'));

// PostgreSQL's internal type "char" and its array, which Prisma's adapter does not know, are text to it.
const TYPE_READ_AS = new Map([[18, 25], [1002, 1009]]);

/** Prisma's PostgreSQL adapter on a PostgreSQL in memory (PGlite), so that a diff needs no server. */
export function pgliteShadow() {
  const { PrismaPg } = require('@prisma/adapter-pg');
  const { Pool } = require('pg');
  const { PGlite } = require('@electric-sql/pglite');
  const database = new PGlite();
  const connect = () => new PrismaPg(Object.assign(new Pool(), { query: statement => query(database, statement) })).connect();
  // Left open, it keeps the process waiting for ten seconds.
  return { factory: Object.assign(new PrismaPg({}), { connect, connectToShadowDb: connect }), close: () => database.close() };
}

/** What `pg` would answer. A statement without values may be a whole script. */
async function query(database, statement) {
  const { text, values } = typeof statement === 'string' ? { text: statement, values: [] } : statement;
  const options = { rowMode: 'array' };
  const result = values.length === 0 ? (await database.exec(text, options)).at(-1) : await database.query(text, values, options);
  return {
    rows: result?.rows ?? [],
    rowCount: result?.affectedRows ?? 0,
    fields: (result?.fields ?? []).map(field => ({ ...field, dataTypeID: TYPE_READ_AS.get(field.dataTypeID) ?? field.dataTypeID })),
  };
}
