import { describe, expect, it } from 'vitest';
import { findCycle, importsOf, withoutTypes } from './support/import-graph.js';
import { wrongImports } from './support/layers.js';
import { readSourceFiles } from './support/source-files.js';

const server = readSourceFiles('server/src', 'server/simulator', 'server/sandbox');

describe('the gateway, the simulator and the sandbox', () => {
  it('import in the directions of the design', () => {
    expect(server.length).toBeGreaterThan(100);
    expect(server.flatMap(wrongImports)).toEqual([]);
  });

  it('import files that are there', () => {
    const there = new Set(server.map(({ path }) => path));
    const missing = server.flatMap(file => importsOf(file).files.filter(path => !there.has(path) && !path.startsWith('server/src/generated/')).map(path => `${file.path} imports ${path}`));
    expect(missing).toEqual([]);
  });

  it('have no import cycle, in the gateway not even one of types', () => {
    const [gateway, others] = [true, false].map(inGateway => server.filter(({ path }) => path.startsWith('server/src/') === inGateway));
    expect(findCycle(gateway ?? [])).toBeUndefined();
    // In the simulator an account, its devices and their connections know one another by type.
    expect(findCycle((others ?? []).map(withoutTypes))).toBeUndefined();
  });
});

describe('the check of directions', () => {
  it.each([
    ['server/src/domain/a.ts', '../ports/clock.js'],
    ['server/src/domain/a.ts', 'undici'],
    ['server/src/ports/a.ts', '../usecases/gateway.js'],
    ['server/src/ports/a.ts', 'pino'],
    ['server/src/usecases/messages/a.ts', '../../adapters/system/clock.js'],
    ['server/src/usecases/messages/a.ts', '../../http/server.js'],
    ['server/src/usecases/messages/a.ts', '../../config.js'],
    ['server/src/usecases/a.ts', '@whiskeysockets/baileys'],
    ['server/src/http/routes/a.ts', '../../adapters/memory/status-board.js'],
    ['server/src/http/routes/a.ts', '../../app.js'],
    ['server/src/http/a.ts', '@whiskeysockets/baileys'],
    ['server/src/adapters/prisma/a.ts', '../../usecases/health.js'],
    ['server/src/adapters/memory/a.ts', '../../config.js'],
    ['server/src/adapters/memory/a.ts', '@prisma/client'],
    ['server/src/adapters/prisma/a.ts', 'pg'],
    ['server/src/adapters/memory/a.ts', 'fastify'],
    ['server/src/adapters/redis/a.ts', 'bullmq'],
    ['server/src/adapters/bullmq/a.ts', 'ioredis'],
    ['server/src/config.ts', './app.js'],
    ['server/src/app.ts', './main.js'],
    ['server/src/app.ts', '../simulator/index.js'],
    ['server/src/adapters/baileys/a.ts', '../../../sandbox/main.js'],
    ['server/src/adapters/baileys/a.ts', '../../../../scripts/setup.mjs'],
    ['server/simulator/protocol/a.ts', '../../src/domain/errors.js'],
    ['server/simulator/a.ts', '../sandbox/main.js'],
    ['server/sandbox/a.ts', '../src/adapters/system/clock.js'],
    ['server/src/drawer/a.ts', './b.js'],
  ])('does not let %s import %s', (path, name) => {
    expect(wrongImports({ path, text: `import { x } from '${name}';` })).not.toEqual([]);
  });

  it.each([
    ['server/src/domain/a.ts', './errors.js'],
    ['server/src/usecases/messages/a.ts', '../../ports/clock.js'],
    ['server/src/http/routes/a.ts', '../../usecases/gateway.js'],
    ['server/src/adapters/prisma/a.ts', '../../generated/sqlite/client.js'],
    ['server/src/adapters/baileys/a.ts', '@whiskeysockets/baileys/lib/Utils/index.js'],
    ['server/src/app.ts', './adapters/baileys/client.js'],
    ['server/simulator/a.ts', '@whiskeysockets/baileys'],
  ])('lets %s import %s', (path, name) => {
    expect(wrongImports({ path, text: `import { x } from '${name}';` })).toEqual([]);
  });

  it.each([
    'import type { X } from "../adapters/x.js";',
    'export { x } from "../adapters/x.js";',
    'export * from "../adapters/x.js";',
    'import "../adapters/x.js";',
    'export const x = async () => (await import("../adapters/x.js")).x;',
    'export type X = import("../adapters/x.js").X;',
  ])('sees %s', text => {
    expect(wrongImports({ path: 'server/src/usecases/a.ts', text })).toEqual(['server/src/usecases/a.ts (usecases) imports server/src/adapters/x.ts (adapters)']);
  });

  it('does not take comments and texts for imports', () => {
    const text = '// import { x } from "../adapters/x.js";\nexport const text = \'import { x } from "../adapters/x.js";\';';
    expect(wrongImports({ path: 'server/src/usecases/a.ts', text })).toEqual([]);
  });
});

describe('the search for cycles', () => {
  const file = (name: string, ...imports: string[]) => ({ path: `server/src/domain/${name}.ts`, text: imports.map(other => `import type { X } from './${other}.js';`).join('\n') });

  it('finds one, however long, and says where it runs', () => {
    expect(findCycle([file('a', 'b'), file('b', 'c'), file('c', 'd', 'b'), file('d')])).toEqual(['b', 'c', 'b'].map(name => `server/src/domain/${name}.ts`));
    expect(findCycle([file('a', 'a')])).toHaveLength(2);
  });

  it('tells imports of types from those that are loaded', () => {
    const types = [file('a', 'b'), file('b', 'a')];
    expect(findCycle(types)).toHaveLength(3);
    expect(findCycle(types.map(withoutTypes))).toBeUndefined();
    const loaded = types.map(({ path, text }) => ({ path, text: text.replace('import type { X }', 'import { x }') }));
    expect(findCycle(loaded.map(withoutTypes))).toHaveLength(3);
  });

  it('takes two ways to one file for none', () => {
    expect(findCycle([file('a', 'b', 'c'), file('b', 'd'), file('c', 'd'), file('d')])).toBeUndefined();
  });
});
