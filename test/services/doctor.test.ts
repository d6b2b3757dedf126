import { createServer, type AddressInfo } from 'node:net';
import { createSimulator, silenceLibsignal, type Simulator } from '@simulator/index.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../support/postgres-server.js';
import { freePort, startProcess, untilUp, type TestProcess } from '../support/processes.js';
import { startRedis, type TestRedis } from '../support/redis-server.js';

const KEY = '5c'.repeat(32);
const NAMES = ['node', 'configuration', 'database', 'redis', 'encryption key', 'simulator', 'clock', 'disk', 'port'];

interface Finding { name: string; state: 'ok' | 'warn' | 'fail'; found: string; todo?: string }

describe('chasqui doctor on a node of a cluster', { timeout: 90_000 }, () => {
  let postgres: TestPostgres;
  let redis: TestRedis;
  let simulator: Simulator;
  let gateway: TestProcess;
  /** What that node was started with. */
  let env: Record<string, string>;

  beforeAll(async () => {
    silenceLibsignal();
    simulator = createSimulator({ quickPairing: true });
    [postgres, redis] = await Promise.all([startPostgres(), startRedis(), simulator.start()]);
    env = {
      PORT: String(await freePort()), DATABASE_URL: await postgres.database(), REDIS_URL: redis.url, CHASQUI_ENCRYPTION_KEY: KEY, CHASQUI_API_KEY: 'key-of-the-node',
      WHATSAPP_NETWORK: 'sandbox', SIMULATOR_URL: simulator.controlUrl,
    };
    // Nothing is there yet: what it will find when it starts.
    expect(await examine()).toMatchObject({ code: 0, wrong: [] });
    gateway = startProcess('src/main.js', env);
    await untilUp(`http://127.0.0.1:${env['PORT']}/ready`, gateway);
  }, 90_000);

  afterEach(async () => {
    postgres.resume();
    await redis.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    await redis.command('CONFIG', 'SET', 'appendonly', 'yes');
  });

  afterAll(async () => {
    await gateway?.end('SIGTERM');
    await Promise.all([postgres?.remove(), redis?.remove(), simulator?.stop()]);
  });

  /** How full the disk of this machine is is no part of this. */
  async function examine(change: Record<string, string> = {}): Promise<{ code: number | null; findings: Finding[]; wrong: Finding[]; output: string }> {
    const run = startProcess('src/cli.js', { ...env, ...change }, ['doctor', '--json']);
    const code = await run.ended;
    const { findings } = JSON.parse(run.output()) as { findings: Finding[] };
    return { code, findings, wrong: findings.filter(({ name, state }) => name !== 'disk' && state !== 'ok'), output: run.output() };
  }

  it('finds everything in order while the node runs, and says what it found', async () => {
    const { code, findings, wrong } = await examine();
    expect(wrong).toEqual([]);
    expect(code).toBe(0);
    expect(findings.map(({ name }) => name)).toEqual(NAMES);
    const found = Object.fromEntries(findings.map(finding => [finding.name, finding.found]));
    expect(found).toMatchObject({
      configuration: 'sandbox network, PostgreSQL, Redis', database: expect.stringMatching(/^PostgreSQL \d+.* answers$/) as string, redis: expect.stringMatching(/^Redis \d.* answers$/) as string,
      'encryption key': 'CHASQUI_ENCRYPTION_KEY is set', simulator: `${simulator.controlUrl} answers`, port: expect.stringContaining('a gateway answers') as string,
    });

    const printed = startProcess('src/cli.js', env, ['doctor']);
    expect(await printed.ended).toBe(0);
    expect(printed.output().trimEnd().split('\n').filter(line => !/^ok {4}/.test(line) && !/ disk: /.test(line) && !/^ {6}/.test(line))).toEqual([]);
    expect(printed.output()).not.toContain(KEY);
  });

  it('Redis that throws entries out fails, one that keeps no file is a warning', async () => {
    await redis.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    expect(await examine()).toMatchObject({ code: 1, wrong: [{ name: 'redis', state: 'fail', found: 'maxmemory-policy is allkeys-lru', todo: expect.stringContaining('Set it to noeviction') as string }] });
    await redis.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    await redis.command('CONFIG', 'SET', 'appendonly', 'no');
    expect(await examine()).toMatchObject({ code: 0, wrong: [{ name: 'redis', state: 'warn', todo: expect.stringContaining('Set appendonly to yes') as string }] });
  });

  it('a Redis that lets nobody in fails, without showing the password', async () => {
    const locked = await startRedis(['--requirepass', 'the-right-one']);
    try {
      const wrong = await examine({ REDIS_URL: locked.url.replace('redis://', 'redis://:the-wrong-one@') });
      expect(wrong).toMatchObject({ code: 1, wrong: [{ name: 'redis', state: 'fail', found: expect.stringMatching(/WRONGPASS|NOAUTH/) as string, todo: expect.stringContaining('Check REDIS_URL') as string }] });
      expect(wrong.output).not.toContain('the-wrong-one');
      expect(await examine({ REDIS_URL: locked.url.replace('redis://', 'redis://:the-right-one@') })).toMatchObject({ code: 0, wrong: [] });
    } finally {
      await locked.remove();
    }
  });

  it.each([
    ['another key than what is stored is sealed with', { CHASQUI_ENCRYPTION_KEY: 'a1'.repeat(32) }, /^this is not the key/, /Use the key from before/],
    ['none', { CHASQUI_ENCRYPTION_KEY: '' }, /is missing$/, /every node needs the same one/],
    ['what is no key', { CHASQUI_ENCRYPTION_KEY: 'letmein' }, /is no key$/, /openssl rand/],
  ])('the key fails where a start would be refused: %s', async (_, change, found, todo) => {
    const { code, wrong, output } = await examine(change);
    expect([code, wrong]).toEqual([1, [{ name: 'encryption key', state: 'fail', found: expect.stringMatching(found) as string, todo: expect.stringMatching(todo) as string }]]);
    expect(output).not.toContain('letmein');
    const start = startProcess('src/main.js', { ...env, ...change, PORT: '0' });
    expect(await start.ended).toBe(1);
  });

  it('a port that another program has fails', async () => {
    const taken = createServer();
    await new Promise<void>(resolve => taken.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = taken.address() as AddressInfo;
      expect(await examine({ PORT: String(port) })).toMatchObject({
        code: 1, wrong: [{ name: 'port', state: 'fail', found: `127.0.0.1:${port} cannot be used: another program has it`, todo: expect.stringContaining('Set PORT to a free one') as string }],
      });
    } finally {
      taken.close();
    }
  });

  it('a database that is not there, or hangs, fails, and the rest is looked at all the same', async () => {
    const advice = { name: 'database', state: 'fail', todo: expect.stringContaining('Check DATABASE_URL') as string };
    expect(await examine({ DATABASE_URL: `${env['DATABASE_URL']}_of_another` })).toMatchObject({ code: 1, wrong: [{ ...advice, found: expect.stringContaining('does not exist') as string }] });

    postgres.freeze();
    const hanging = await examine();
    expect(hanging).toMatchObject({ code: 1, wrong: [{ ...advice, found: expect.stringMatching(/timeout/) as string }] });
    postgres.resume();

    await postgres.stop();
    const stopped = await examine();
    await postgres.start();
    expect(stopped).toMatchObject({ code: 1, wrong: [{ ...advice, found: expect.stringContaining('ECONNREFUSED') as string }] });
    expect([hanging, stopped].map(({ findings }) => findings.map(({ name }) => name))).toEqual([NAMES, NAMES]);
  });

  it('Redis that is away fails', async () => {
    await redis.stop();
    const stopped = await examine();
    await redis.start();
    expect(stopped).toMatchObject({ code: 1, wrong: [{ name: 'redis', state: 'fail', found: expect.stringContaining('ECONNREFUSED') as string, todo: expect.stringContaining('Check REDIS_URL') as string }] });
  });
});
