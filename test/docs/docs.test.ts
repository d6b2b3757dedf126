import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ERROR_CODES } from '@gateway/domain/errors.js';
import { REASONS } from '@gateway/domain/instances/reasons.js';
import { HTTP_STATUS } from '@gateway/http/problem.js';
import { createHttpFixture, type HttpFixture } from '../support/http/http-fixture.js';
import { anchorsOf, brokenLinks, findDocuments, linksOf, scriptsNamedIn } from './support/markdown.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');

/** Where the gateway and the other commands read their settings. */
const SETTINGS = ['server/src/config.ts', 'server/sandbox/settings.ts', 'server/sandbox/cluster/settings.ts', 'server/simulator/main.ts'];

describe('docs/rest.md', () => {
  let http: HttpFixture;
  beforeAll(async () => { http = await createHttpFixture(); });
  afterAll(() => http.close());
  const rest = read('docs/rest.md');

  test.each(ERROR_CODES.map(code => [code, HTTP_STATUS[code]] as const))('has the code %s with its status %i', (code, status) => {
    expect(rest).toContain(`\n| \`${code}\` | ${status} |`);
  });

  test('has no code that does not exist', () => {
    const named = [...rest.matchAll(/^\| `([a-z_]+)` \| \d{3} \|/gm)].map(match => match[1]);
    expect(named.filter(code => !ERROR_CODES.some(known => known === code))).toEqual([]);
    expect(named).toHaveLength(ERROR_CODES.length);
  });

  test('has every reason of a state, and no other', () => {
    const [, table = ''] = /### States and reasons\n([^#]*)/.exec(rest) ?? [];
    const named = [...table.matchAll(/^\| ((?:`[a-z_]+`(?:, )?)+) \|/gm)].flatMap(([, codes = '']) => [...codes.matchAll(/[a-z_]+/g)].map(String));
    expect(named.toSorted()).toEqual(Object.keys(REASONS).toSorted());
  });

  interface Described { parameters?: { name: string; in: string }[] }
  const describedPaths = async () => ((await http.call('GET', '/openapi.json', { key: null })).json as { paths: Record<string, Record<string, Described>> }).paths;

  test('has every route of the OpenAPI document, and no other', async () => {
    const routes = Object.entries(await describedPaths()).flatMap(([path, methods]) => Object.keys(methods).map(method => `${method.toUpperCase()} ${path}`));
    const described = [...rest.matchAll(/^\| `((?:GET|POST|PATCH|PUT|DELETE) [^`]+)` \|/gm)].map(match => match[1]);
    expect(routes.length).toBeGreaterThan(20);
    expect(described.toSorted()).toEqual(routes.toSorted());
  });

  test('has every parameter of a query, and no other', async () => {
    const operations = Object.values(await describedPaths()).flatMap(methods => Object.values(methods));
    const names = operations.flatMap(({ parameters = [] }) => parameters.filter(parameter => parameter.in === 'query').map(({ name }) => name));
    const named = [...rest.matchAll(/[?&]([a-zA-Z]+)=/g)].map(match => match[1]);
    expect([...new Set(named)].toSorted()).toEqual([...new Set(names)].toSorted());
  });
});

describe('docs/configuration.md', () => {
  const text = read('docs/configuration.md');
  const variables = SETTINGS.flatMap(file => [...read(file).matchAll(/(?:\benv\['|\(env, '|portFrom\(')([A-Z][A-Z0-9_]+)'/g)].map(match => match[1] ?? ''));

  test('is checked against what is read', () => {
    expect(variables).toEqual(expect.arrayContaining(['HOST', 'PORT', 'DATA_DIR', 'CHASQUI_API_KEY', 'WHATSAPP_NETWORK', 'SIMULATOR_URL', 'SIMULATOR_MEDIA_PORT']));
  });

  test.each([...new Set(variables)])('has %s', name => {
    expect(text).toMatch(new RegExp(`^\\|[^|]*\`${name}\``, 'm'));
  });
});

describe('README.md', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

  test('names only npm scripts that exist', () => {
    const named = scriptsNamedIn(read('README.md'));
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter(name => scripts[name] === undefined)).toEqual([]);
  });

  test('has the anchors that n8n links to', () => {
    const linked = ['nodes/Chasqui/Chasqui.node.json', 'nodes/ChasquiTrigger/ChasquiTrigger.node.json', 'credentials/ChasquiApi.credentials.ts']
      .flatMap(file => [...read(file).matchAll(/n8n-nodes-chasqui#([\w-]+)/g)].map(match => match[1] ?? ''));
    expect(linked).toContain('credentials');
    // GitHub shows the README itself at #readme.
    expect(linked.filter(anchor => anchor !== 'readme' && !anchorsOf(read('README.md')).includes(anchor))).toEqual([]);
  });
});

describe('the package of the gateway', () => {
  const { files } = JSON.parse(read('server/package.json')) as { files: string[] };

  test('carries what its README points to, as far as it lies beside it', () => {
    const beside = linksOf(read('server/README.md')).filter(link => !/^(\.\.|https?:|#)/.test(link));
    expect(beside).toEqual(expect.arrayContaining(['NOTICE.md', 'simulator/README.md']));
    expect(beside.filter(link => !files.includes(link))).toEqual([]);
  });

  test('carries the licence that its notice points to', () => {
    expect(linksOf(read('server/NOTICE.md')).filter(link => link.endsWith('LICENSE'))).toEqual(['LICENSE']);
    expect(read('server/LICENSE')).toBe(read('LICENSE'));
  });
});

describe('links between documents', () => {
  const documents = findDocuments(root);

  test('the documents are found', () => {
    expect(documents).toEqual(expect.arrayContaining(['README.md', 'CONTRIBUTING.md', 'docs/rest.md', 'server/simulator/README.md']));
    expect(linksOf('[a](b.md) ![c](d.png) `[not](a-link)`\n```\n[nor](this)\n```')).toEqual(['b.md', 'd.png']);
    expect(anchorsOf('## What works, and what is coming\n### `GET` it')).toEqual(['what-works-and-what-is-coming', 'get-it']);
  });

  test.each(documents)('%s points to files and headings that exist', document => {
    expect(brokenLinks(root, document)).toEqual([]);
  });
});
