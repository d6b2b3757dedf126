import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readConfig } from '@gateway/config.js';
import { describe, expect, it } from 'vitest';
import { N8N_VERSION } from '../../scripts/n8n/versions.mjs';
import { parseDockerfile, readIgnored } from './support/dockerfile.js';

interface Service {
  image: string;
  build?: string | { context: string; dockerfile: string };
  command?: string[];
  environment?: Record<string, string>;
  ports?: string[];
  volumes?: string[];
  healthcheck?: { test: string[] };
  depends_on?: Record<string, { condition: string }>;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
// The parser that comes with the gateway's OpenAPI plugin.
const ofSwagger = createRequire(createRequire(join(root, 'server/package.json')).resolve('@fastify/swagger'));
const { parse } = ofSwagger('yaml') as { parse: (text: string, options: object) => unknown };

const text = read('compose.yaml');
const { services, volumes } = parse(text, { merge: true }) as { services: Record<string, Service>; volumes: Record<string, null> };
const gateways = Object.keys(services).filter(name => name.startsWith('gateway'));
const dockerfiles = ['Dockerfile', 'deploy/n8n-pack.Dockerfile'];

/** As Docker Compose would fill it in. */
const filled = (value: string, secrets: Record<string, string>): string =>
  value.replace(/\$\{(\w+)(?::-([^}]*)|:\?[^}]*)?\}/g, (_, name: string, fallback?: string) => secrets[name] ?? fallback ?? '');

describe('compose.yaml', () => {
  it('has the parts of a cluster', () => {
    expect(gateways).toEqual(['gateway-1', 'gateway-2']);
    expect(services['gateway-1']).toEqual(services['gateway-2']);
    expect(Object.keys(services)).toEqual(expect.arrayContaining(['proxy', 'postgres', 'redis', 'n8n']));
  });

  it('configures gateways with what they know, so that they start as a cluster', () => {
    const secrets = { CHASQUI_API_KEY: 'key', CHASQUI_ENCRYPTION_KEY: '9d'.repeat(32), POSTGRES_PASSWORD: 'p1', REDIS_PASSWORD: 'p2' };
    const environment = Object.fromEntries(Object.entries(services['gateway-1']?.environment ?? {}).map(([name, value]) => [name, filled(value, secrets)]));
    expect(Object.keys(environment).filter(name => !read('server/src/config.ts').includes(`'${name}'`))).toEqual([]);
    expect(readConfig(environment)).toMatchObject({
      database: { url: 'postgresql://chasqui:p1@postgres:5432/chasqui' }, redis: { url: 'redis://:p2@redis:6379' }, apiKey: 'key', network: { kind: 'live' }, logLevel: 'info',
    });
    expect(services['postgres']?.environment).toMatchObject({ POSTGRES_USER: 'chasqui', POSTGRES_DB: 'chasqui' });
  });

  it('takes from .env what .env.example shows, and no start without the secrets', () => {
    const used = [...new Set([...text.matchAll(/\$\{(\w+)/g)].map(([, name]) => name))];
    const shown = [...read('.env.example').matchAll(/^#?([A-Z][A-Z0-9_]*)=(.*)$/gm)];
    expect(shown.map(([, name]) => name).toSorted()).toEqual(used.toSorted());
    const secrets = shown.filter(([line]) => !line.startsWith('#'));
    expect(secrets.map(([, name]) => name)).toEqual(['CHASQUI_API_KEY', 'CHASQUI_ENCRYPTION_KEY', 'POSTGRES_PASSWORD', 'REDIS_PASSWORD']);
    for (const [, name, value] of secrets) {
      expect(value).toBe('');
      expect(text.match(new RegExp(`\\$\\{${name}(?!:\\?)`, 'g')), `${name} is asked for wherever it is used`).toBeNull();
    }
    expect(read('.gitignore')).toMatch(/^\.env$/m);
  });

  it('starts things when what they need is there', () => {
    const conditions = Object.values(services).flatMap(({ depends_on }) => Object.entries(depends_on ?? {}));
    for (const [name, { condition }] of conditions) {
      const built = typeof services[name]?.build === 'string' && read('Dockerfile').includes('\nHEALTHCHECK ');
      if (condition === 'service_healthy') expect(services[name]?.healthcheck !== undefined || built, `${name} says whether it is healthy`).toBe(true);
      else expect([name, condition]).toEqual(['n8n-pack', 'service_completed_successfully']);
    }
    expect(Object.keys(services['proxy']?.depends_on ?? {})).toEqual(gateways);
    expect(Object.keys(services['gateway-1']?.depends_on ?? {})).toEqual(['postgres', 'redis']);
  });

  it('keeps on volumes what must stay', () => {
    const used = Object.values(services).flatMap(({ volumes: mounts }) => mounts ?? []).map(mount => mount.split(':')[0] ?? '');
    expect([...new Set(used.filter(name => !name.startsWith('.')))].toSorted()).toEqual(Object.keys(volumes).toSorted());
    expect(used.filter(name => name.startsWith('.') && !existsSync(join(root, name)))).toEqual([]);
    for (const name of ['postgres', 'redis', 'n8n']) expect(services[name]?.volumes).toEqual([expect.stringMatching(`^${name}:`)]);
  });

  it('runs a Redis that forgets nothing by itself', () => {
    expect(services['redis']?.command?.join(' ')).toContain('--appendonly yes --maxmemory-policy noeviction');
  });

  it('shows nothing to the network unless told to, and neither database nor Redis at all', () => {
    for (const port of Object.values(services).flatMap(({ ports }) => ports ?? [])) expect(port).toMatch(/^\$\{BIND_ADDRESS:-127\.0\.0\.1\}:/);
    expect(Object.keys(services).filter(name => services[name]?.ports).toSorted()).toEqual(['n8n', 'proxy']);
  });

  it('pins what it takes from others', () => {
    for (const [name, { image, build }] of Object.entries(services)) expect(build !== undefined || /:\d+\.?\d*/.test(image), name).toBe(true);
    expect(services['n8n']?.image).toMatch(new RegExp(`:${N8N_VERSION}$`));
  });

  it('has a proxy before every gateway, which asks for its readiness', () => {
    const caddyfile = read('deploy/Caddyfile');
    const port = parseDockerfile(read('Dockerfile')).find(({ name }) => name === 'EXPOSE')?.args;
    expect(/reverse_proxy (.*) \{/.exec(caddyfile)?.[1]?.split(' ')).toEqual(gateways.map(name => `${name}:${port ?? ''}`));
    expect(caddyfile).toContain('health_uri /ready');
    expect(services['proxy']?.volumes).toContain('./deploy/Caddyfile:/etc/caddy/Caddyfile:ro');
  });
});

describe.each(dockerfiles)('%s', file => {
  const instructions = parseDockerfile(read(file));
  const isIgnored = readIgnored(root);

  it('copies what is there, and what .dockerignore lets pass', () => {
    const sources = instructions.filter(({ name, flags }) => name === 'COPY' && flags['from'] === undefined).flatMap(({ args }) => args.split(' ').slice(0, -1));
    expect(sources.length).toBeGreaterThan(2);
    expect(sources.filter(source => !existsSync(join(root, source)) || isIgnored(source))).toEqual([]);
  });

  it('does not run as root', () => {
    expect(instructions.filter(({ name }) => name === 'USER').at(-1)?.args).toBe('node');
  });
});

describe('.dockerignore', () => {
  it('keeps away what is of this machine, or secret', () => {
    const isIgnored = readIgnored(root);
    for (const path of ['server/node_modules/pg/index.js', 'server/dist/src/main.js', 'server/src/generated/sqlite/client.ts', 'data/chasqui.db', 'server/data/x', '.env', 'server/.env.local', '.git/config', 'test/a.ts']) {
      expect(isIgnored(path), path).toBe(true);
    }
    for (const path of ['server/src/main.ts', 'prisma/models.prisma', 'deploy/slim-packages.sh']) expect(isIgnored(path), path).toBe(false);
  });
});
