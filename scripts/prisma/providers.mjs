import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** The gateway's package: where the Prisma tools are installed and where generated code goes. */
export const serverDir = join(root, 'server');
export const generatedDir = join(serverDir, 'src', 'generated');

/**
 * The databases the gateway can use. A further one is one more entry: its own schema and migrations folder in
 * `prisma/<name>/`, its own client in `server/src/generated/<name>/`.
 */
export const providers = ['sqlite', 'postgresql'].map(name => {
  const folder = join(root, 'prisma', name);
  return { name, folder, schemaFile: join(folder, 'schema.prisma'), migrationsDir: join(folder, 'migrations') };
});

/** The whole schema of one provider: a header and the shared models. */
export function assembleSchema(provider) {
  const header = `// Made by scripts/prisma.mjs from ../models.prisma. Edit the models, not this file.

datasource db {
  provider = "${provider.name}"
}

generator client {
  provider               = "prisma-client"
  output                 = "../../server/src/generated/${provider.name}"
  runtime                = "nodejs"
  moduleFormat           = "esm"
  generatedFileExtension = "ts"
  importFileExtension    = "js"
  // Half the memory; Prisma is not on the hot path.
  compilerBuild          = "small"
  previewFeatures        = ["partialIndexes"]
}

`;
  const models = readText(join(root, 'prisma', 'models.prisma'));
  return header + (provider.name === 'postgresql' ? withWideSequences(models) : models);
}

/** A running number that SQLite counts in 64 bits has 32 as PostgreSQL's Int, which a busy gateway uses up. */
function withWideSequences(models) {
  return models.replaceAll(/\bInt( +@id @default\(autoincrement\(\)\))/g, 'BigInt$1');
}

/** File content with LF line ends, so that a checksum does not depend on how git checked it out. */
export function readText(file) {
  return readFileSync(file, 'utf8').replaceAll('\r\n', '\n');
}
