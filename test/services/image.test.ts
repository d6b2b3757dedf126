import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildWithoutDocker, type BuiltImage } from '../deploy/support/dockerfile.js';
import { api } from '../support/api.js';
import { startPostgres, type TestPostgres } from '../support/postgres-server.js';
import { freePort } from '../support/processes.js';
import { startRedis, type TestRedis } from '../support/redis-server.js';
import { until } from '../support/until.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const BUILD_MS = 300_000;
/** What a base image has besides. */
const MOST_MEGABYTES = 125;
const KEY = 'key-of-the-image';

describe('the container image, made without Docker', { timeout: 60_000 }, () => {
  let dir: string;
  let image: BuiltImage;
  let postgres: TestPostgres;
  let redis: TestRedis;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'chasqui-image-'));
    image = buildWithoutDocker({ file: join(root, 'Dockerfile'), context: root, dir });
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  }, BUILD_MS);
  afterAll(async () => {
    for (const child of children) await end(child);
    await Promise.all([postgres.remove(), redis.remove()]);
    await rm(dir, { recursive: true, force: true });
  });

  /** As in the container: its environment, its folder, and none of this repository's packages. */
  function run(command: string[], env: Record<string, string>): ChildProcess {
    const child = spawn(process.execPath, command, { cwd: image.workdir, env: { PATH: process.env['PATH'], ...image.env, ...env }, stdio: ['ignore', 'ignore', 'inherit'] });
    children.push(child);
    return child;
  }
  const isHealthy = (port: number): boolean => {
    const [program, ...args] = image.healthcheck;
    expect(program).toBe('node');
    return spawnSync(process.execPath, args, { cwd: image.workdir, env: { ...image.env, PORT: String(port) } }).status === 0;
  };

  it('runs as a user of its own, with nothing left out of its steps but the folder for data', () => {
    expect(image.user).toBe('node');
    expect(image.leftOut).toEqual(['mkdir /data && chown node:node /data']);
    expect(image.env).toEqual({ NODE_ENV: 'production', HOST: '0.0.0.0', DATA_DIR: '/data' });
    expect(image.command).toEqual(['node', 'dist/src/cli.js', 'start']);
  });

  it('is small', () => {
    const [packages, built] = ['node_modules', 'dist'].map(folder => megabytesOf(join(image.workdir, folder)));
    console.log(`the image has ${packages} MB of packages and ${built} MB of its own, on top of its base`);
    expect((packages ?? 0) + (built ?? 0)).toBeLessThan(MOST_MEGABYTES);
    for (const name of ['prisma', 'typescript']) expect(existsSync(join(image.workdir, 'node_modules', name, 'package.json')), name).toBe(false);
  });

  it('serves as a node of a cluster: an account is paired and a picture goes out', async () => {
    const [port, simulatorPort] = [await freePort(), await freePort()];
    run(['dist/simulator/main.js'], { SIMULATOR_PORT: String(simulatorPort), LOG_LEVEL: 'error' });
    const simulator = api(`http://127.0.0.1:${simulatorPort}`, '');
    await until('the simulator is up', async () => (await fetch(`http://127.0.0.1:${simulatorPort}/health`).catch(() => null))?.ok === true);
    expect(isHealthy(port)).toBe(false);
    const node = run(image.command.slice(1), {
      PORT: String(port), HOST: '127.0.0.1', LOG_LEVEL: 'error', DATABASE_URL: await postgres.database(), REDIS_URL: redis.url, CHASQUI_API_KEY: KEY, CHASQUI_ENCRYPTION_KEY: 'e2'.repeat(32),
      WHATSAPP_NETWORK: 'sandbox', SIMULATOR_URL: `http://127.0.0.1:${simulatorPort}`,
    });
    await until('the node is healthy', () => isHealthy(port), 30_000);
    const gateway = api(`http://127.0.0.1:${port}`, KEY);
    await gateway.post('/instances', { instanceId: 'boxed' }, 201);
    const { qr } = await gateway.post('/instances/boxed/connect', undefined, 200) as { qr: string };
    await simulator.post('/phones', { number: '15550001111' }, 201);
    await simulator.post('/phones/15550001111/scan', { qr }, 200);
    await gateway.untilStatus('boxed', 'CONNECTED');
    const sent = await gateway.post('/instances/boxed/messages/image', { to: '15550002222', base64: PIXEL }, 201) as { status: string };
    expect(sent.status).toBe('sent');
    expect((await fetch(`http://127.0.0.1:${port}/docs`)).status).toBe(200);
    await end(node);
    expect(node.exitCode).toBe(0);
    expect(isHealthy(port)).toBe(false);
  });

  it('serves embedded, too', async () => {
    const port = await freePort();
    const node = run(image.command.slice(1), { PORT: String(port), HOST: '127.0.0.1', LOG_LEVEL: 'error', DATA_DIR: join(dir, 'data'), CHASQUI_API_KEY: KEY });
    await until('it is healthy', () => isHealthy(port), 30_000);
    expect(await api(`http://127.0.0.1:${port}`, KEY).get('/instances')).toMatchObject({ instances: [] });
    await end(node);
    expect(node.exitCode).toBe(0);
  });
});

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

function megabytesOf(folder: string): number {
  return Number(execFileSync('du', ['-sm', folder], { encoding: 'utf8' }).split('\t')[0]);
}
