import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startProcess } from '../../support/processes.js';
import { until } from '../../support/until.js';

/** Runs the command line to its end. */
async function run(...args: string[]): Promise<{ code: number | null; output: string }> {
  const { ended, output } = startProcess('src/cli.js', {}, args);
  const code = await ended;
  return { code, output: output() };
}

describe('chasqui', () => {
  let dataDir: string;
  beforeEach(async () => { dataDir = await mkdtemp(join(tmpdir(), 'chasqui-cli-')); });
  afterEach(() => rm(dataDir, { recursive: true, force: true }));

  it.each([[['help']], [['--help']], [['-h']]])('%j lists the commands', async args => {
    const { code, output } = await run(...args);
    expect(code).toBe(0);
    expect(output).toMatch(/^Usage: chasqui \[command\]\n/);
    expect(output).toMatch(/^ {2}start +start the gateway/m);
  });

  it('says how a command is used, either way', async () => {
    for (const args of [['help', 'start'], ['start', '--help']]) {
      expect(await run(...args)).toEqual({ code: 0, output: expect.stringMatching(/^Usage: chasqui start\n/) as string });
    }
  });

  it('says its version', async () => {
    expect(await run('--version')).toEqual({ code: 0, output: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string });
  });

  it.each([[['fly']], [['help', 'fly']], [['constructor']]])('does not know %j: exit code 2, with what there is', async args => {
    const { code, output } = await run(...args);
    expect(code).toBe(2);
    expect(output).toMatch(/^chasqui: there is no command "\w+"\.\n\nUsage: chasqui \[command\]/);
  });

  it('does not start with arguments that it does not know', async () => {
    const { code, output } = await run('start', '--port', '3000');
    expect(code).toBe(2);
    expect(output).toMatch(/^chasqui start: .*'--port'.*\n\nUsage: chasqui start/s);
  });

  it.each([[[]], [['start']]])('starts the gateway when called with %j', async args => {
    const gateway = startProcess('src/cli.js', { PORT: '0', DATA_DIR: dataDir }, args);
    await until('it is ready', () => gateway.output().includes('the gateway is ready'));
    expect(gateway.output()).toMatch(/Your API key, shown this once: chq_/);
    expect(await gateway.end('SIGTERM')).toBe(0);
  });

  it('says in a sentence why it could not start', async () => {
    const { ended, output } = startProcess('src/cli.js', { PORT: 'abc', DATA_DIR: dataDir });
    expect(await ended).toBe(1);
    expect(output()).toBe('chasqui could not start: PORT must be a whole number from 0 to 65535, not "abc".\n');
  });
});

describe('chasqui migrate', () => {
  it.each([
    [['migrate', '--to', 'postgresql://127.0.0.1/x'], 2, /--from is missing/],
    [['migrate', '--from', '.'], 2, /--to is missing/],
    [['migrate', 'now'], 2, /now/],
    [['migrate', '--from', '.', '--to', 'mysql://user:tops3cret@host/x'], 1, /^chasqui migrate: --to must be an address(?!.*tops3cret)/],
    [['migrate', '--from', '/nowhere', '--to', 'postgresql://127.0.0.1/x'], 1, /\/nowhere is no data directory/],
  ])('says what is wrong with %j', async (args, code, sentence) => {
    expect(await run(...args)).toEqual({ code, output: expect.stringMatching(sentence) as string });
    expect(existsSync('/nowhere')).toBe(false);
  });
});
