import { describe, expect, it } from 'vitest';
import { namelessDrawer, readsEnvironment, tooLong } from './support/house-rules.js';
import { readSourceFiles } from './support/source-files.js';
import { findOutOfPlace } from '../../scripts/lint/out-of-place.mjs';

const server = readSourceFiles('server/src', 'server/simulator', 'server/sandbox');
const everything = [...server, ...readSourceFiles('nodes', 'credentials', 'scripts', 'test')];

describe('every source file', () => {
  it('is short', () => expect(everything.flatMap(tooLong)).toEqual([]));
  it('is named after what it does', () => expect(everything.flatMap(namelessDrawer)).toEqual([]));
  it('gets settings by parameters, unless it starts a process', () => expect(server.flatMap(readsEnvironment)).toEqual([]));
});

describe('the checks of the house rules', () => {
  const file = (text: string, path = 'server/src/http/a.ts') => ({ path, text });

  it('count lines, the last with or without its end', () => {
    expect(tooLong(file('x\n'.repeat(400)))).toEqual([]);
    expect(tooLong(file('x\n'.repeat(401)))).toHaveLength(1);
    expect(tooLong(file('x\n'.repeat(400) + 'x'))).toHaveLength(1);
  });

  it.each(['server/src/utils.ts', 'server/src/http/helpers/a.ts', 'test/support/test-helper.ts', 'server/src/misc.ts', 'nodes/Chasqui/util/a.ts', 'scripts/string.utils.mjs'])('refuse the name %s', path => {
    expect(namelessDrawer({ path, text: '' })).toHaveLength(1);
  });

  it.each(['server/src/http/problem.ts', 'server/src/usecases/utilisation.ts'])('take the name %s', path => {
    expect(namelessDrawer({ path, text: '' })).toEqual([]);
  });

  it.each(['f(process.env.PORT)', 'f(process["env"])', 'const { env } = process;', 'f(globalThis.process.env)', 'import { env } from "node:process";'])('see %s', text => {
    expect(readsEnvironment(file(text))).toHaveLength(1);
    expect(readsEnvironment(file(text, 'server/src/config.ts'))).toEqual([]);
  });

  it.each(['// process.env is read by config.ts', 'export const hint = "process.env.PORT";', 'export const f = (env: NodeJS.ProcessEnv) => env["PORT"];', 'process.on("exit", f)'])('let pass %s', text => {
    expect(readsEnvironment(file(text))).toEqual([]);
  });

  it('find paths of one machine', () => {
    const find = (text: string, checkout = '/srv/c++/chasqui/') => findOutOfPlace(text, checkout);
    expect(find('first\nsee /srv/c++/chasqui/a.ts there')).toEqual([{ line: 2, says: 'the path of this checkout' }]);
    expect(find('/srv/c++/chasqui-2 and ./srv/c++/chasqui')).toEqual([]);
    expect(find('any / text', '/')).toEqual([]);
    expect(find(['', 'home', 'maria', 'a'].join('/'))).toHaveLength(1);
    expect(find(JSON.stringify({ resolved: 'http://localhost:4873/a.tgz' }, null, 2))).toHaveLength(1);
    expect(find('https://example.com/home/b ./home/maria/b /home/node/.n8n  "resolved": "https://registry.npmjs.org/a.tgz"')).toEqual([]);
  });
});
