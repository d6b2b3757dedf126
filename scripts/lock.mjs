import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** @param {number} pid @returns {boolean} whether a process with this id lives */
export function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** A lock file is empty for the moment between being made and being written; for longer, whoever made it was killed just then. */
const BEING_WRITTEN_MS = 5_000;

/** @param {string} file @returns {number | undefined} the process that holds the lock, 0 while that is being written, undefined when nobody does */
function holderOf(file) {
  try {
    const text = readFileSync(file, 'utf8');
    if (text === '') return Date.now() - statSync(file).mtimeMs < BEING_WRITTEN_MS ? 0 : undefined;
    const pid = Number(text);
    return Number.isInteger(pid) && pid > 0 && isAlive(pid) ? pid : undefined;
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  }
}

/**
 * Runs `work` while holding a lock file, so that two commands do not make the same thing at once.
 * A lock whose process is gone is taken over. Two waiters can, rarely, both take over the same dead lock: so the work under
 * it should end in an atomic rename, or be found undone and done again by the next run.
 * @template T
 * @param {string} file
 * @param {(holder: number) => void} onWait called once when a process holds the lock
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(file, onWait, work) {
  mkdirSync(dirname(file), { recursive: true });
  for (let told = false; ; ) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const holder = holderOf(file);
    if (holder === undefined) {
      rmSync(file, { force: true });
      continue;
    }
    if (!told && holder !== 0) {
      onWait(holder);
      told = true;
    }
    await sleep(200);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}
