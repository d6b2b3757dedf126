import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lockDataDir } from '@gateway/adapters/sqlite/data-dir-lock.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeTempDir } from '../../contracts/support/temp-dir';
import { until } from '../../support/until';
import { adapter, spawnModule, type Child } from './support/child';

const HOLDER = `
  const { lockDataDir } = await import(${JSON.stringify(adapter('sqlite/data-dir-lock.js'))});
  const lock = await lockDataDir(process.argv[1]);
  console.log('locked');
  process.stdin.on('data', async () => { await lock.release(); process.exit(0); });
`;

describe('data directory lock', () => {
  let dir: Awaited<ReturnType<typeof makeTempDir>>;
  const children: Child[] = [];
  beforeEach(async () => {
    dir = await makeTempDir();
  });
  afterEach(async () => {
    for (const child of children.splice(0)) await child.kill();
    await dir.remove();
  });
  const hold = async (): Promise<Child> => {
    const child = spawnModule(HOLDER, [dir.path]);
    children.push(child);
    await until('the child to hold the lock', () => child.lines.includes('locked'));
    return child;
  };

  it('refuses a second process and names the first', async () => {
    const child = await hold();
    const refused = lockDataDir(dir.path, { waitMs: 200 });
    await expect(refused).rejects.toMatchObject({ name: 'StorageError', code: 'DATA_DIR_LOCKED' });
    await expect(refused).rejects.toThrow(`pid ${child.process.pid}`);
    expect(await readFile(join(dir.path, 'gateway.pid'), 'utf8')).toBe(`${child.process.pid}\n`);
  });

  it('refuses a second owner in the same process, and keeps the first', async () => {
    const lock = await lockDataDir(dir.path);
    for (let attempt = 0; attempt < 3; attempt++) await expect(lockDataDir(dir.path, { waitMs: 0 })).rejects.toMatchObject({ code: 'DATA_DIR_LOCKED' });
    await lock.release();
    await lock.release();
    await (await lockDataDir(dir.path, { waitMs: 0 })).release();
  });

  it('takes over from a process that was killed, whatever its pid file says', async () => {
    const child = await hold();
    await child.kill();
    const lock = await lockDataDir(dir.path, { waitMs: 0 });
    expect(await readFile(join(dir.path, 'gateway.pid'), 'utf8')).toBe(`${process.pid}\n`);
    await lock.release();
  });

  it('waits for a process that is just ending', async () => {
    const child = await hold();
    const waiting = lockDataDir(dir.path, { waitMs: 10_000 });
    child.process.stdin.write('end\n');
    await (await waiting).release();
  });
});
