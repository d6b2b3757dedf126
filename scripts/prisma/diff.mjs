import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { assembleSchema, serverDir } from './providers.mjs';
import { readMigrations } from './migrations.mjs';
import { pgliteShadow } from './pglite.mjs';

const require = createRequire(join(serverDir, 'package.json'));

/**
 * SQL that takes the committed migrations to the models: what `prisma migrate diff` prints, from the same engine. The WebAssembly
 * build comes from npm, so that no binary is downloaded. An empty string when there is nothing to do.
 */
export async function diffSql(provider) {
  const { SchemaEngine } = await loadEngine();
  const schema = assembleSchema(provider);
  const { bindMigrationAwareSqlAdapterFactory } = require('@prisma/driver-adapter-utils');
  const { factory, close } = provider.name === 'postgresql' ? pgliteShadow() : libsqlShadow();
  const engine = await SchemaEngine.new({ datamodels: [['schema.prisma', schema]] }, () => undefined, bindMigrationAwareSqlAdapterFactory(factory));
  try {
    const { stdout } = await engine.diff({
      from: { tag: 'migrations', ...migrationList(provider) },
      to: { tag: 'schemaDatamodel', files: [{ path: 'schema.prisma', content: schema }] },
      script: true,
      shadowDatabaseUrl: null,
      exitCode: null,
      filters: { externalTables: [], externalEnums: [] },
    });
    const sql = (stdout ?? '').trim();
    return sql === '-- This is an empty migration.' ? '' : sql;
  } finally {
    engine.free();
    await close();
  }
}

function migrationList(provider) {
  return {
    baseDir: provider.migrationsDir,
    lockfile: { path: 'migration_lock.toml', content: `provider = "${provider.name}"\n` },
    shadowDbInitScript: '',
    migrationDirectories: readMigrations(provider).map(({ name, sql }) => ({
      path: name,
      migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: sql } },
    })),
  };
}

/** An empty database in memory, to which the engine applies the committed migrations. */
function libsqlShadow() {
  const { PrismaLibSql } = require('@prisma/adapter-libsql');
  const factory = new PrismaLibSql({ url: ':memory:' });
  const connectToShadowDb = factory.connectToShadowDb.bind(factory);
  factory.connectToShadowDb = async () => asTheEngineExpects(await connectToShadowDb());
  return { factory, close: async () => undefined };
}

/**
 * Two habits of the engine that libsql does not share: it hands a whole migration over as one statement, of which only the
 * first would run, and it asks for partial indexes with a string in double quotes.
 */
function asTheEngineExpects(adapter) {
  const executeRaw = adapter.executeRaw.bind(adapter);
  const queryRaw = adapter.queryRaw.bind(adapter);
  adapter.executeRaw = async query => {
    if (query.args.length > 0) return executeRaw(query);
    await adapter.executeScript(query.sql);
    return 0;
  };
  adapter.queryRaw = query => queryRaw({ ...query, sql: query.sql.replace(/ name = "(\w+)"/, " name = '$1'") });
  return adapter;
}

let loaded;

/** Once: its bindings keep views of the memory they first saw. */
function loadEngine() {
  return (loaded ??= assembleEngine());
}

/** Node 20 cannot import .wasm, so the module is put together by hand, as its own entry file would. */
async function assembleEngine() {
  const folder = dirname(require.resolve('@prisma/schema-engine-wasm'));
  const bindings = await import(pathToFileURL(join(folder, 'schema_engine_bg.js')).href);
  const { instance } = await WebAssembly.instantiate(readFileSync(join(folder, 'schema_engine_bg.wasm')), {
    './schema_engine_bg.js': bindings,
  });
  bindings.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  return bindings;
}
