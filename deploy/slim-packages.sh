#!/bin/sh
# Takes out of node_modules, in the current folder, what the gateway never loads: three quarters of it. Changes package.json there, too.
set -eu

# Prisma's command line and TypeScript are optional peers of its client: npm keeps them as long as the manifest names them for development.
npm pkg delete devDependencies
npm prune --omit=dev --ignore-scripts --no-audit --no-fund

# Prisma ships a compiler of queries for each database, twice, in two sizes and two module formats. The clients load these.
find node_modules/@prisma/client/runtime -name 'query_compiler_*' \
  ! -name 'query_compiler_small_bg.sqlite.*mjs' ! -name 'query_compiler_small_bg.postgresql.*mjs' -delete

# SQLite comes for either C library.
if node -p 'process.report.getReport().header.glibcVersionRuntime' | grep -q '^[0-9]'; then other=musl; else other=gnu; fi
rm -rf node_modules/@libsql/linux-*-"$other"

# For those who develop.
find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete
