import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fail, ok, warn, type Finding } from './finding.js';

const MB = 1_000_000;
const LITTLE = 2_000 * MB;
const TOO_LITTLE = 200 * MB;

/** The room where the gateway writes. */
export async function lookAtDisk(path: string): Promise<Finding[]> {
  const { bavail, bsize } = await nearest(path);
  const free = bavail * bsize;
  const found = `${(free / MB).toFixed(0)} MB are free at ${path}`;
  const todo = 'Make room, or keep less: RETENTION_MESSAGES_DAYS and its like.';
  if (free < TOO_LITTLE) return [fail('disk', found, todo)];
  return [free < LITTLE ? warn('disk', found, todo) : ok('disk', found)];
}

/** Of the folder that would hold it, where it is not there yet. */
async function nearest(path: string): Promise<{ bavail: number; bsize: number }> {
  try {
    return await statfs(path);
  } catch (error) {
    if (dirname(path) === path) throw error;
    return nearest(dirname(path));
  }
}
