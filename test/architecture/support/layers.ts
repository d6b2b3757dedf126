import { importsOf } from './import-graph.js';
import type { SourceFile } from './source-files.js';

/** Who may import what, within server/. The generated database client is a layer of its own, seen by its adapters alone. */
const MAY_IMPORT = {
  domain: ['domain'],
  ports: ['ports', 'domain'],
  usecases: ['usecases', 'ports', 'domain'],
  http: ['http', 'usecases', 'ports', 'domain'],
  adapters: ['adapters', 'ports', 'domain', 'generated'],
  config: [],
  app: ['app', 'http', 'usecases', 'ports', 'domain', 'adapters', 'config'],
  // A command may put adapters together as app.ts does, for a work of its own.
  commands: ['commands', 'app', 'adapters', 'usecases', 'ports', 'domain', 'config', 'stop-signals', 'package-version'],
  main: ['commands'],
  cli: ['commands'],
  'stop-signals': [],
  'package-version': [],
  simulator: ['simulator'],
  sandbox: ['sandbox', 'simulator', 'domain'],
} as const satisfies Record<string, readonly string[]>;

/** The packages of the inner layers. Adding one here is a decision: it must neither talk to a network nor to a disk. */
const MAY_USE: Partial<Record<keyof typeof MAY_IMPORT, readonly string[]>> = {
  domain: ['node:crypto', 'node:stream', 'standardwebhooks'],
  ports: ['node:stream'],
  usecases: ['node:crypto', 'node:events', 'node:stream', 'lru-cache', 'pino'],
};

/** Packages that one place in server/src alone knows about. */
const AT_HOME_IN: [name: RegExp, home: string][] = [
  [/^(@whiskeysockets\/baileys|libsignal)$/, 'server/src/adapters/baileys/'],
  [/^libsql$/, 'server/src/adapters/sqlite/'],
  [/^pg$/, 'server/src/adapters/postgres/'],
  [/^bullmq$/, 'server/src/adapters/bullmq/'],
  [/^ioredis$/, 'server/src/adapters/redis/'],
  [/^@prisma\//, 'server/src/adapters/prisma/'],
  [/^prom-client$/, 'server/src/adapters/prometheus/'],
  [/^@opentelemetry\//, 'server/src/adapters/opentelemetry/'],
  [/^(fastify|fastify-plugin|@fastify\/.+)$/, 'server/src/http/'],
];

/** The imports of a file below server/ that go against the design, each as a sentence. */
export function wrongImports(file: SourceFile): string[] {
  const layer = layerOf(file.path);
  if (layer === undefined || !isRuled(layer)) return [`${file.path} is in no layer that the design knows`];
  const { files, packages } = importsOf(file);
  const allowed: readonly string[] = MAY_IMPORT[layer];
  const usable = MAY_USE[layer];
  return [
    ...files.filter(path => !allowed.includes(layerOf(path) ?? '')).map(path => `${file.path} (${layer}) imports ${path} (${layerOf(path) ?? 'outside'})`),
    ...packages.filter(name => usable && !usable.includes(name)).map(name => `${file.path} (${layer}) uses ${name}`),
    ...packages.filter(name => isAwayFromHome(file.path, name)).map(name => `${file.path} uses ${name}, which belongs elsewhere`),
  ];
}

function isAwayFromHome(path: string, name: string): boolean {
  const home = AT_HOME_IN.find(([pattern]) => pattern.test(name))?.[1];
  return home !== undefined && path.startsWith('server/src/') && !path.startsWith(home);
}

function layerOf(path: string): string | undefined {
  const [, tree, name] = /^server\/(src|simulator|sandbox)\/([^/]+)/.exec(path) ?? [];
  return tree === 'src' ? name?.replace(/\.ts$/, '') : tree;
}

function isRuled(layer: string): layer is keyof typeof MAY_IMPORT {
  return Object.hasOwn(MAY_IMPORT, layer);
}
