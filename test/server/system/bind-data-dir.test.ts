import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bindDataDir } from '@gateway/adapters/system/bind-data-dir.js';
import { afterAll, beforeAll, expect, it } from 'vitest';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chasqui-bind-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

it('binds a data directory to the network it was first used on', async () => {
  await bindDataDir(dir, 'live');
  await bindDataDir(dir, 'live');
  await expect(bindDataDir(dir, 'sandbox')).rejects.toThrow(/live network.*DATA_DIR/);
  await bindDataDir(dir, 'live');
});

it('binds a directory anew where the first start was cut off before it had', async () => {
  await writeFile(join(dir, 'network'), '');
  await bindDataDir(dir, 'sandbox');
  await expect(bindDataDir(dir, 'live')).rejects.toThrow(/sandbox network/);
});
