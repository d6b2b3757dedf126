// node scripts/prisma.mjs generate      schemas from the models, clients and migrations into server/src/generated
// node scripts/prisma.mjs diff          print the SQL that the next migration needs
// node scripts/prisma.mjs diff <name>   write it to prisma/<provider>/migrations/<time>_<name>/migration.sql
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { diffSql } from './prisma/diff.mjs';
import { migrationsModule } from './prisma/migrations.mjs';
import { assembleSchema, generatedDir, providers, serverDir } from './prisma/providers.mjs';

const [command, name] = process.argv.slice(2);

if (command === 'generate') providers.forEach(generate);
else if (command === 'diff') for (const provider of providers) await diff(provider);
else {
  console.error('Usage: node scripts/prisma.mjs generate | diff [name]');
  process.exitCode = 2;
}

function generate(provider) {
  const output = join(generatedDir, provider.name);
  writeFileSync(provider.schemaFile, assembleSchema(provider));
  rmSync(output, { recursive: true, force: true });
  const cli = createRequire(join(serverDir, 'package.json')).resolve('prisma/build/index.js');
  execFileSync(process.execPath, [cli, 'generate', '--schema', provider.schemaFile], {
    cwd: serverDir,
    stdio: ['ignore', 'ignore', 'inherit'],
    // Generating does not use the schema engine, but Prisma downloads it unless told where one is: any executable will do.
    env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, PRISMA_HIDE_UPDATE_MESSAGE: '1', CHECKPOINT_DISABLE: '1' },
  });
  writeFileSync(join(output, 'migrations.ts'), migrationsModule(provider));
  console.log(`${provider.name}: client and migrations generated`);
}

async function diff(provider) {
  const sql = await diffSql(provider);
  if (sql === '') return console.log(`${provider.name}: the migrations match the models`);
  if (name === undefined) return console.log(sql);
  if (!/^[a-z0-9_]+$/.test(name)) throw new Error('A migration name has small letters, digits and underscores.');
  const time = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
  const folder = join(provider.migrationsDir, `${time}_${name}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'migration.sql'), `${sql}\n`);
  console.log(`${provider.name}: wrote ${folder}`);
}
