import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { MoveMark } from '../../ports/installation-move.js';
import { syncFolder, writeFileDurably } from './write-file-durably.js';

const FILE = 'moved';

/** The sessions of a data directory are, or may be, elsewhere. */
export class MovedDataDirError extends Error {
  override readonly name = 'MovedDataDirError';
  readonly code = 'DATA_DIR_MOVED';
}

/** What a data directory says of a move to a database; null when there was none. Call these while holding the directory's lock. */
export async function readMovedMark(dataDir: string): Promise<MoveMark | null> {
  const text = await readFile(join(dataDir, FILE), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  return text === null ? null : JSON.parse(text) as MoveMark;
}

/** On disk when it resolves, whole or not at all. */
export async function writeMovedMark(dataDir: string, mark: MoveMark): Promise<void> {
  await writeFileDurably(join(dataDir, FILE), `${JSON.stringify(mark, null, 2)}\n`);
}

export async function removeMovedMark(dataDir: string): Promise<void> {
  await rm(join(dataDir, FILE), { force: true });
  await syncFolder(dataDir);
}

/**
 * Two gateways must never act for one identity.
 * @throws MovedDataDirError when the directory was moved, or was being moved
 */
export async function refuseMoved(dataDir: string): Promise<void> {
  const mark = await readMovedMark(dataDir);
  if (mark?.state === 'moved') {
    throw new MovedDataDirError(`${dataDir} was moved to ${mark.target} at ${mark.at}, and its accounts are linked from there. Start with that database in DATABASE_URL, or set DATA_DIR to another directory.`);
  }
  if (mark) {
    throw new MovedDataDirError(`${dataDir} was being moved to ${mark.target} at ${mark.at}, and nobody knows whether that was completed. Run the same "chasqui migrate" again: it finds that out.`);
  }
}
