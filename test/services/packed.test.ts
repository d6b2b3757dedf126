import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { api } from '../support/api.js';
import { freePort } from '../support/processes.js';
import { until } from '../support/until.js';

const server = fileURLToPath(new URL('../../server', import.meta.url));
const PHONE = '15550009001';
const CONTACT = '15550009002';
const INSTALL_MS = 240_000;
const run = promisify(execFile);

describe('the package of the gateway, in an empty folder', { timeout: 60_000 }, () => {
  let dir: string;
  let home: string;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'chasqui-packed-'));
    home = join(dir, 'home');
    await mkdir(home);
    // The tests have built it already, which packing would do again.
    await run('npm', ['pack', '--ignore-scripts', '--pack-destination', dir], { cwd: server });
    const [tarball] = (await readdir(dir)).filter(name => name.endsWith('.tgz'));
    await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', join(dir, tarball ?? 'none')], { cwd: home });
  }, INSTALL_MS);
  afterAll(async () => {
    for (const child of children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    await rm(dir, { recursive: true, force: true });
  });

  /** By the path that npx takes, without its process in between. */
  const bin = (name: string) => join(home, 'node_modules', '.bin', name);
  function start(name: string, args: string[], env: Record<string, string>): ChildProcess {
    const child = spawn(bin(name), args, { cwd: home, env: { PATH: process.env['PATH'], LOG_LEVEL: 'error', ...env }, stdio: ['ignore', 'ignore', 'inherit'] });
    children.push(child);
    return child;
  }
  const chasqui = async (...args: string[]) => JSON.parse((await run(bin('chasqui'), [...args, '--json'], { cwd: home, env: { PATH: process.env['PATH'] } })).stdout) as Record<string, unknown>;

  it('has what runs and nothing that builds', () => {
    const packed = join(home, 'node_modules', 'chasqui');
    for (const path of ['dist/src/cli.js', 'dist/src/generated/sqlite/migrations.js', 'dist/src/generated/postgresql/migrations.js', 'dist/simulator/main.js', 'LICENSE', 'NOTICE.md', 'README.md']) expect(existsSync(join(packed, path)), path).toBe(true);
    for (const path of ['src', 'dist/sandbox', 'tsconfig.json', 'package-lock.json']) expect(existsSync(join(packed, path)), path).toBe(false);
    for (const name of ['prisma', 'typescript']) expect(existsSync(join(home, 'node_modules', name)), name).toBe(false);
  });

  it('starts, links an account by its own command line, and sends a message', async () => {
    const [port, simulatorPort] = [await freePort(), await freePort()];
    start('whatsapp-simulator', [], { SIMULATOR_PORT: String(simulatorPort) });
    const simulator = api(`http://127.0.0.1:${simulatorPort}`, '');
    await until('the simulator is up', async () => (await fetch(`http://127.0.0.1:${simulatorPort}/health`).catch(() => null))?.ok === true, 30_000);
    const gateway = start('chasqui', ['start'], { PORT: String(port), WHATSAPP_NETWORK: 'sandbox', SIMULATOR_PORT: String(simulatorPort) });
    await until('the gateway is ready', async () => (await fetch(`http://127.0.0.1:${port}/ready`).catch(() => null))?.ok === true, 30_000);

    // Without a key: by the data directory, in the folder where it was started.
    await chasqui('instances', 'create', 'packed');
    const { qr } = await chasqui('instances', 'connect', 'packed', '--no-wait');
    await simulator.post('/phones', { number: PHONE }, 201);
    await simulator.post(`/phones/${PHONE}/scan`, { qr }, 200);
    await until('it is connected', async () => (await chasqui('instances', 'status', 'packed'))['status'] === 'CONNECTED');
    const { key } = await chasqui('keys', 'create', 'sender', '--scope', 'messages:send');
    const { messageId } = await api(`http://127.0.0.1:${port}`, String(key)).post('/instances/packed/messages/text', { to: CONTACT, text: 'from a package' }, 201) as { messageId: string };
    await until('the contact has it', async () => JSON.stringify(await simulator.get(`/contacts/${CONTACT}/messages`)).includes(messageId));
    gateway.kill('SIGTERM');
    expect(await once(gateway, 'exit')).toEqual([0, null]);
  });
});
