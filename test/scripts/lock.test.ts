import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withLock } from '../../scripts/lock.mjs';

describe('withLock', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'chasqui-lock-'));
    file = join(folder, 'new', 'lock');
  });
  afterEach(() => { rmSync(folder, { recursive: true, force: true }); });
  const never = (holder: number) => { throw new Error(`waits for ${holder}`); };

  it('lets one in after the other, says whom it waits for, and leaves nothing behind', async () => {
    const told: number[] = [];
    let inside = 0;
    const work = async (): Promise<number> => {
      inside += 1;
      await new Promise(resolve => setImmediate(resolve));
      return inside--;
    };
    expect(await Promise.all([1, 2, 3].map(() => withLock(file, holder => told.push(holder), work)))).toEqual([1, 1, 1]);
    expect(told).toEqual([process.pid, process.pid]);
    expect(existsSync(file)).toBe(false);
  });

  it('is open again after work that failed', async () => {
    await expect(withLock(file, never, async () => { throw new Error('no'); })).rejects.toThrow('no');
    expect(await withLock(file, never, async () => 'done')).toBe('done');
  });

  it('takes over from a process that was killed, before it could write its id, too', async () => {
    const { pid } = spawnSync(process.execPath, ['--version']);
    expect(await withLock(file, never, async () => {
      writeFileSync(file, String(pid));
      return withLock(file, never, async () => 'done');
    })).toBe('done');
    writeFileSync(file, '');
    utimesSync(file, new Date(0), new Date(0));
    expect(await withLock(file, never, async () => 'done')).toBe('done');
  });

  it('does not take a lock that another one is writing this moment', async () => {
    await withLock(file, never, async () => {});
    writeFileSync(file, '');
    let taken = false;
    const told: number[] = [];
    const waiting = withLock(file, holder => told.push(holder), async () => { taken = true; });
    await new Promise(resolve => setImmediate(resolve));
    expect(taken).toBe(false);
    writeFileSync(file, String(process.pid));
    await expect.poll(() => told).toEqual([process.pid]);
    expect(taken).toBe(false);
    rmSync(file);
    await waiting;
    expect(taken).toBe(true);
  });
});
