import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startGateway, type Gateway } from '@gateway/app.js';
import { readConfig } from '@gateway/config.js';
import { collectingLogger } from '../support/logger.js';

describe('the first start', { timeout: 60_000 }, () => {
  let dataDir: string;
  let taken: Server | null = null;
  let gateway: Gateway | null = null;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'chasqui-first-'));
  });
  afterEach(async () => {
    await gateway?.stop();
    taken?.close();
    gateway = taken = null;
    await rm(dataDir, { recursive: true, force: true });
  });

  const start = async (port: number): Promise<Gateway> => {
    const config = readConfig({ PORT: String(port), DATA_DIR: dataDir });
    gateway = await startGateway({ config, version: '0.0.0-test', logger: collectingLogger([]), onFatal: error => { throw error; } });
    return gateway;
  };

  it('shows the key in the start that works, even when the port was taken at first', async () => {
    const other = taken = createServer();
    await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve));
    await expect(start((other.address() as AddressInfo).port)).rejects.toMatchObject({ name: 'ConfigError', message: expect.stringContaining('Set PORT') as string });

    const { firstKey, url } = await start(0);
    expect(firstKey).toMatch(/^chq_/);
    expect((await fetch(`${url}/instances`, { headers: { 'x-api-key': firstKey ?? '' } })).status).toBe(200);
  });

  it('removes its own leftovers, and nothing else', async () => {
    await mkdir(join(dataDir, 'tmp'));
    await writeFile(join(dataDir, 'tmp', 'mine.txt'), 'precious');
    await writeFile(join(dataDir, 'tmp', 'media-0f8fad5b-d9cb-469f-a165-70867728950e'), 'left by a crash');
    await start(0);
    expect(await readdir(join(dataDir, 'tmp'))).toEqual(['mine.txt']);
    expect(await readFile(join(dataDir, 'tmp', 'mine.txt'), 'utf8')).toBe('precious');
  });
});
