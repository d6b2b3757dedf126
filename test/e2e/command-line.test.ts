import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, startProcess } from '../support/processes.js';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

const PHONE = '15550008001';

interface Run { code: number | null; output: string; json: () => unknown }

describe('the command line', { timeout: 90_000 }, () => {
  let stack: Stack;
  let empty: string;
  beforeAll(async () => {
    stack = await startStack();
    empty = await mkdtemp(join(tmpdir(), 'chasqui-commands-'));
  });
  afterAll(async () => {
    await stack?.stop();
    await rm(empty, { recursive: true, force: true });
  });

  async function chasqui(env: Record<string, string>, ...args: string[]): Promise<Run> {
    const { ended, output } = startProcess('src/cli.js', env, args);
    const code = await ended;
    return { code, output: output(), json: () => JSON.parse(output()) as unknown };
  }
  /** As on the machine of the gateway: its data directory, and no key. */
  const here = (...args: string[]) => chasqui({ DATA_DIR: stack.dataDir }, ...args);

  it('is let in by the data directory of a running gateway, and by nothing else in there', async () => {
    const file = join(stack.dataDir, 'operator.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const { url, key } = JSON.parse(await readFile(file, 'utf8')) as { url: string; key: string };
    expect(url).toBe(stack.gatewayUrl);
    expect((await fetch(`${url}/instances`, { headers: { 'x-api-key': key } })).status).toBe(200);
    expect((await fetch(`${url}/instances`, { headers: { 'x-api-key': `${key}x` } })).status).toBe(401);
    for (const name of ['chasqui.db', 'chasqui.db-wal']) expect((await readFile(join(stack.dataDir, name))).includes(key), name).toBe(false);
  });

  it('replaces a key that was lost', async () => {
    const made = (await here('keys', 'create', 'n8n', '--scope', 'instances:read,messages:send', '--instance', 'demo', '--json')).json() as { id: string; key: string };
    const ask = async () => (await fetch(`${stack.gatewayUrl}/instances`, { headers: { 'x-api-key': made.key } })).status;
    expect(await ask()).toBe(200);
    expect((await here('keys', 'list')).output).toMatch(new RegExp(`^${made.id} +n8n +instances:read,messages:send +demo +`, 'm'));
    expect(await here('keys', 'revoke', made.id)).toEqual(expect.objectContaining({ code: 0, output: `The key ${made.id} works no more.\n` }));
    expect(await ask()).toBe(401);
    expect(await here('keys', 'revoke', 'none')).toMatchObject({ code: 1, output: expect.stringMatching(/^chasqui keys: /) as string });
    const { entries } = await stack.api.get('/audit?action=key.revoke') as { entries: { actor: { id: string } }[] };
    expect(entries.map(({ actor }) => actor.id)).toContain('operator');
  });

  it('links an account, keeps it, ends it and brings it back', async () => {
    expect(await here('instances', 'create', 'demo', '--name', 'Demo')).toMatchObject({ code: 0, output: expect.stringContaining('chasqui instances connect demo') as string });
    stack.simulator.phones.add(PHONE);
    const connecting = startProcess('src/cli.js', { DATA_DIR: stack.dataDir }, ['instances', 'connect', 'demo']);
    await until('a QR code is drawn', () => connecting.output().includes('Scan it in WhatsApp'));
    expect(connecting.output()).toContain('▄');
    const { qr } = await stack.api.get('/instances/demo/qr') as { qr: string };
    await stack.simulator.phones.scan(PHONE, qr);
    expect(await connecting.ended).toBe(0);
    expect(connecting.output()).toContain('demo: CONNECTED (connected)');
    expect((await here('instances', 'list')).output).toMatch(/^ID +NAME +STATUS.*\ndemo +Demo +CONNECTED +connected +15550008001\n$/);
    expect((await here('instances', 'status', 'demo', '--json')).json()).toMatchObject({ status: 'CONNECTED', queue: { queued: 0 } });

    const backup = (await here('backup', 'demo', '--json')).json() as { backupId: string };
    const refused = await here('restore', 'demo', backup.backupId);
    expect(refused).toMatchObject({ code: 1, output: 'chasqui restore: The instance is CONNECTED: its session is in use. Disconnect it first: POST /instances/{id}/disconnect.\n' });
    expect((await here('instances', 'disconnect', 'demo')).code).toBe(0);
    expect(await here('restore', 'demo', backup.backupId)).toMatchObject({ code: 0, output: expect.stringContaining('Restored.') as string });
    expect((await here('backup', 'demo', '--list')).output).toContain(backup.backupId);
    expect(await here('instances', 'connect', 'demo')).toMatchObject({ code: 0, output: expect.stringContaining('CONNECTED') as string });
    expect((await here('instances', 'delete', 'demo', '--purge')).output).toBe('demo is gone for good.\n');
  });

  it('changes the encryption keys', async () => {
    const rotated = await here('rotate-key', '--master');
    expect(rotated).toMatchObject({ code: 0, output: expect.stringMatching(/^Data key \d+ seals everything now.*master key changed/) as string });
    expect((await here('instances', 'list')).code).toBe(0);
    expect((await here('rotate-key', '--finish')).output).not.toContain('chasqui rotate-key:');
  });

  it('says in a sentence what is wrong', async () => {
    expect(await chasqui({ DATA_DIR: empty }, 'instances', 'list')).toMatchObject({ code: 1, output: expect.stringMatching(/^chasqui instances: No gateway runs on .*DATA_DIR.*CHASQUI_API_KEY/) as string });
    const port = await freePort();
    expect(await chasqui({ CHASQUI_API_KEY: 'x', PORT: String(port) }, 'keys', 'list')).toMatchObject({ code: 1, output: expect.stringMatching(/^chasqui keys: No gateway answers at http:\/\/127\.0\.0\.1:\d+ \(.*ECONNREFUSED.*Is it running\?/) as string });
    expect(await chasqui({ CHASQUI_API_KEY: 'wrong', CHASQUI_URL: stack.gatewayUrl }, 'instances', 'list')).toMatchObject({ code: 1, output: expect.stringContaining('does not take this key') as string });
    expect(await chasqui({ DATA_DIR: stack.dataDir }, 'instances', 'list', '--url', 'http://127.0.0.1:1')).toMatchObject({ code: 1, output: expect.stringContaining('no key for the gateway at http://127.0.0.1:1') as string });
    expect(await chasqui({ CHASQUI_API_KEY: 'x' }, 'instances', 'list', '--url', 'gateway')).toMatchObject({ code: 1, output: expect.stringContaining('must be a URL') as string });
    expect(await here('instances', 'status', 'none')).toMatchObject({ code: 1, output: expect.stringContaining('There is no instance "none".') as string });
    expect(await here('instances', 'fly')).toMatchObject({ code: 2, output: expect.stringContaining('it knows list, create') as string });
    expect(await here('restore', 'demo')).toMatchObject({ code: 2, output: expect.stringContaining('it takes <instanceId> and <backupId>') as string });
    await writeFile(join(empty, 'operator.json'), JSON.stringify({ url: `http://127.0.0.1:${port}`, key: 'of a gateway that was killed' }));
    expect(await chasqui({ DATA_DIR: empty }, 'instances', 'list')).toMatchObject({ code: 1, output: expect.stringContaining('No gateway answers') as string });
    const other = createServer((_, response) => response.end('<html>'));
    await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve));
    try {
      const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
      expect(await chasqui({ CHASQUI_API_KEY: 'x' }, 'instances', 'list', '--url', url)).toMatchObject({ code: 1, output: expect.stringContaining('is no Chasqui gateway') as string });
    } finally {
      other.close();
    }
  });

  it('doctor finds everything in order, while the gateway runs and while it does not', async () => {
    const env = { DATA_DIR: stack.dataDir, PORT: new URL(stack.gatewayUrl).port, WHATSAPP_NETWORK: 'sandbox', SIMULATOR_URL: stack.simulatorUrl };
    const running = await chasqui(env, 'doctor');
    expect(running.output).not.toContain('FAIL');
    expect(running.code).toBe(0);
    for (const found of [/node: Node\.js/, /configuration: sandbox/, /data directory: /, /lock: the gateway with pid \d+ uses/, /database: .* is sound/, /encryption key: .* is there/, /simulator: .* answers/, /clock: /, /disk: \d+ MB/, /port: a gateway answers/]) expect(running.output).toMatch(found);
    await stack.stopGateway();
    expect(existsSync(join(stack.dataDir, 'operator.json'))).toBe(false);
    const stopped = (await chasqui(env, 'doctor', '--json')).json() as { ok: boolean; findings: { name: string; state: string; found: string }[] };
    expect(stopped.ok).toBe(true);
    expect(stopped.findings.find(({ name }) => name === 'lock')?.found).toBe('no gateway uses the data directory');
    expect(stopped.findings.find(({ name }) => name === 'port')?.found).toContain('is free');

    // A start would be refused.
    const other = await chasqui({ ...env, CHASQUI_ENCRYPTION_KEY: '7e'.repeat(32) }, 'doctor');
    expect(other).toMatchObject({ code: 1, output: expect.stringMatching(/FAIL {2}encryption key: this is not the key/) as string });
    const keyFile = join(stack.dataDir, 'encryption.key');
    await rename(keyFile, `${keyFile}.away`);
    const gone = await chasqui(env, 'doctor');
    await rename(`${keyFile}.away`, keyFile);
    expect(gone).toMatchObject({ code: 1, output: expect.stringMatching(/FAIL {2}encryption key: .* is missing, and what is stored is sealed/) as string });
  });

  it('doctor says what fails and what to do, and ends with 1', async () => {
    const taken = createServer();
    await new Promise<void>(resolve => taken.listen(0, '127.0.0.1', resolve));
    try {
      await writeFile(join(empty, 'chasqui.db'), 'x'.repeat(5_000), { mode: 0o644 });
      const { code, output } = await chasqui({
        DATA_DIR: empty, PORT: String((taken.address() as AddressInfo).port), WHATSAPP_NETWORK: 'sandbox', SIMULATOR_URL: 'http://127.0.0.1:1',
        CHASQUI_ENCRYPTION_KEY: 'short', REDIS_URL: 'redis://127.0.0.1:1',
      }, 'doctor');
      expect(code).toBe(1);
      for (const found of [/FAIL {2}data directory: others can read chasqui\.db/, /FAIL {2}database: /, /FAIL {2}encryption key: /, /FAIL {2}simulator: /, /warn {2}clock: /, /FAIL {2}redis: .*ECONNREFUSED/, /FAIL {2}port: .*another program/]) expect(output).toMatch(found);
    } finally {
      taken.close();
    }
    expect(await chasqui({ PORT: 'abc' }, 'doctor')).toMatchObject({ code: 1, output: expect.stringContaining('FAIL  configuration: PORT must be') as string });
    expect(await chasqui({ DATA_DIR: empty, DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none', WHATSAPP_NETWORK: 'sandbox', SIMULATOR_URL: stack.simulatorUrl, PORT: '0' }, 'doctor'))
      .toMatchObject({ code: 1, output: expect.stringMatching(/FAIL {2}database: .*ECONNREFUSED[^]*FAIL {2}encryption key: CHASQUI_ENCRYPTION_KEY is missing/) as string });
  });
});
