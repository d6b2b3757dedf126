import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startPostgresServer } from '@sandbox/cluster/postgres.js';
import { startRedisServer } from '@sandbox/cluster/redis.js';
import { withChildren, type Children } from '@sandbox/with-children.js';
import { api } from '../support/api.js';
import { startPostgres, type TestPostgres } from '../support/postgres-server.js';
import { freePort, startProcess, type TestProcess } from '../support/processes.js';
import { startRedis, type TestRedis } from '../support/redis-server.js';
import { isAlive } from '../support/sandbox-process.js';
import { until } from '../support/until.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const START_MS = 90_000;

describe('npm run cluster', { timeout: 2 * START_MS }, () => {
  let postgres: TestPostgres;
  let redis: TestRedis;
  let dataDir: string;
  let clusters: TestProcess[] = [];

  beforeAll(async () => {
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  });
  afterAll(async () => {
    await Promise.all([postgres.remove(), redis.remove()]);
  });
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'chasqui-cluster-'));
  });
  afterEach(async () => {
    for (const cluster of clusters) await cluster.end('SIGTERM');
    clusters = [];
    await rm(dataDir, { recursive: true, force: true });
  });

  const databases = async () => (await postgres.query('SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> \'postgres\'')).map(({ datname }) => datname);
  const keys = async () => (await redis.command('KEYS', '*')).split('\r\n').filter(line => /^[^*$]/.test(line));

  async function start(env: Record<string, string>): Promise<{ cluster: TestProcess; gatewayUrl: string; nodes: number[] }> {
    const [port, simulatorPort] = [await freePort(), await freePort()];
    const cluster = startProcess('sandbox/cluster/main.js', { PORT: String(port), SIMULATOR_PORT: String(simulatorPort), DATA_DIR: dataDir, ...env });
    clusters.push(cluster);
    let over = false;
    void cluster.ended.then(() => { over = true; });
    await until('the cluster serves', () => over || cluster.output().includes('Serving until'), START_MS).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${cluster.output()}`);
    });
    expect(cluster.output()).toContain('Serving until');
    return { cluster, gatewayUrl: `http://127.0.0.1:${port}`, nodes: [...cluster.output().matchAll(/^ {2}node \d +http:\S+ +pid (\d+)$/gm)].map(([, pid]) => Number(pid)) };
  }

  it('shows the conversation of the sandbox, on a database and keys of its own that are gone at the end', async () => {
    const { cluster, nodes } = await start({ PGPORT: String(postgres.port), PGUSER: 'postgres', REDIS_URL: redis.url });
    expect(nodes).toHaveLength(3);
    expect(cluster.output()).toMatch(/demo +→ {2}15550002222 {2}✓✓ read/);
    expect(cluster.output()).toMatch(/15550002222 → {2}demo +It does, and this answer comes back to you\./);
    expect(await databases()).toEqual([expect.stringMatching(/^chasqui_cluster_/)]);
    expect(await keys()).not.toEqual([]);

    expect(await cluster.end('SIGTERM')).toBe(0);
    expect(nodes.filter(isAlive)).toEqual([]);
    expect(await databases()).toEqual([]);
    expect(await keys()).toEqual([]);
  });

  it('says so when a node is killed, and goes on until the last: the account is connected again without a scan', async () => {
    const url = await postgres.database('given');
    const temporary = join(dataDir, 'temporary');
    await mkdir(temporary);
    const { cluster, gatewayUrl, nodes } = await start({ DATABASE_URL: url, REDIS_URL: redis.url, REDIS_PREFIX: 'given', TMPDIR: temporary });
    const gateway = api(gatewayUrl, 'sandbox');
    // Media on their way are in a folder of each node, which one that is killed cannot remove.
    for (const _node of nodes) expect(await gateway.post('/instances/demo/messages/image', { to: '15550007777', base64: 'R0lGODlhAQABAAAAACw=', mimetype: 'image/gif' }, 201)).toMatchObject({ status: 'sent' });
    for (const [index, pid] of nodes.entries()) {
      process.kill(pid, 'SIGKILL');
      await until('it is told', () => cluster.output().includes(`node ${index + 1} ended, by SIGKILL`));
      if (index < nodes.length - 1) {
        // Until the lease has run out the states are those of before: a message tells whether somebody acts for the account.
        await until('a message goes out', async () => (await gateway.raw('/instances/demo/messages/text', {
          method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ to: '15550007777', text: `after ${pid}` }),
        })).status === 201, 40_000);
      }
    }
    expect(await cluster.ended).toBe(1);
    expect(cluster.output()).toContain('All nodes have ended.');
    expect(cluster.output().match(/scanned the QR code/g)).toHaveLength(1);
    expect(await readdir(temporary)).toEqual([]);
    // What was given is left as it is.
    expect(await databases()).toEqual(['given']);
    expect(await keys()).not.toEqual([]);
  });

  it.runIf(process.platform !== 'win32')('leaves nothing behind when the npm that runs it is killed', async () => {
    const before = await databases();
    const [port, simulatorPort] = [await freePort(), await freePort()];
    const npm = spawn('npm', ['run', '--silent', 'cluster'], {
      cwd: root, stdio: 'ignore', env: { ...process.env, PORT: String(port), SIMULATOR_PORT: String(simulatorPort), DATA_DIR: dataDir, PGPORT: String(postgres.port), PGUSER: 'postgres', REDIS_URL: redis.url },
    });
    const answers = async () => (await fetch(`http://127.0.0.1:${port}/ready`).catch(() => null))?.ok === true;
    await until('the cluster answers', answers, START_MS);
    npm.kill('SIGKILL');
    await until('all of it is gone', async () => !await answers() && (await databases()).length === before.length, 20_000);
  });

  it('says which port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    try {
      const { port } = other.address() as AddressInfo;
      const cluster = startProcess('sandbox/cluster/main.js', { PORT: String(port), SIMULATOR_PORT: String(await freePort()), DATA_DIR: dataDir });
      expect(await cluster.ended).toBe(1);
      expect(cluster.output()).toContain(`PORT=${port < 65_000 ? port + 100 : port - 100} npm run cluster`);
    } finally {
      other.close();
    }
  });
});

describe('servers that the cluster starts for itself', () => {
  let logs: string;
  beforeEach(async () => { logs = await mkdtemp(join(tmpdir(), 'chasqui-logs-')); });
  afterEach(() => rm(logs, { recursive: true, force: true }));

  const leftOf = (kind: string) => readdirSync(tmpdir()).filter(name => name.startsWith(`chasqui-${kind}-`));

  it.each([
    ['postgres', (children: Children) => startPostgresServer(children, process.env['PATH'] ?? '')],
    ['redis', (children: Children) => startRedisServer(children)],
  ])('are gone at the end with all their files: %s', async (kind, startServer) => {
    const before = leftOf(kind);
    const stop = new AbortController();
    let port = 0;
    await withChildren({ env: process.env, logs, signal: stop.signal }, async children => {
      port = Number(new URL(await startServer(children) ?? '').port);
      expect(await listens(port)).toBe(true);
      expect(leftOf(kind)).toHaveLength(before.length + 1);
      stop.abort();
    });
    expect(await listens(port)).toBe(false);
    expect(leftOf(kind)).toEqual(before);
  });
});

async function listens(port: number): Promise<boolean> {
  const probe = createServer();
  try {
    probe.listen(port, '127.0.0.1');
    await once(probe, 'listening');
    return false;
  } catch {
    return true;
  } finally {
    probe.close();
  }
}
