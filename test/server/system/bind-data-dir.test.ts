import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bindDataDir } from '@gateway/adapters/system/bind-data-dir.js';
import { readMovedMark, removeMovedMark, writeMovedMark } from '@gateway/adapters/system/moved-mark.js';
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

it('refuses a directory whose sessions are, or may be, in a database now', async () => {
  const mark = { id: 'x', target: 'db.example.com:5432/chasqui', at: '2026-11-23T00:00:00.000Z' };
  await bindDataDir(dir, 'sandbox');
  await writeMovedMark(dir, { ...mark, state: 'moving' });
  await expect(bindDataDir(dir, 'sandbox')).rejects.toThrow(/was being moved to db\.example\.com:5432\/chasqui.*Run the same "chasqui migrate" again/);
  await writeMovedMark(dir, { ...mark, state: 'moved' });
  expect(await readMovedMark(dir)).toEqual({ ...mark, state: 'moved' });
  await expect(bindDataDir(dir, 'sandbox')).rejects.toThrow(/was moved to db\.example\.com:5432\/chasqui.*DATABASE_URL/);
  await removeMovedMark(dir);
  await bindDataDir(dir, 'sandbox');
});
