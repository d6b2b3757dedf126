import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { refuseMoved } from './moved-mark.js';

const FILE = 'network';

/** The data directory belongs to sessions of another network. */
export class DataDirError extends Error {
  override readonly name = 'DataDirError';
  readonly code = 'DATA_DIR_OF_OTHER_NETWORK';
}

/**
 * Binds a data directory to the network it is first used on. Sessions of one network are refused by the other as logged out, and a
 * log-out deletes them: real sessions must never meet a simulator. Call it while holding the directory's lock.
 * @throws DataDirError when it is bound to the other one; MovedDataDirError when its sessions are elsewhere now
 */
export async function bindDataDir(dataDir: string, network: 'live' | 'sandbox'): Promise<void> {
  await refuseMoved(dataDir);
  const bound = await boundNetwork(dataDir);
  // What is written is flushed before anything connects.
  if (bound === null) return writeFile(join(dataDir, FILE), `${network}\n`, { mode: 0o600, flush: true });
  if (bound !== network) {
    throw new DataDirError(`${dataDir} holds sessions of the ${bound} network and must not be used on the ${network} one. Set DATA_DIR to another directory, or WHATSAPP_NETWORK=${bound}.`);
  }
}

/** The network that a data directory is bound to; null where nothing has connected yet: before the first start, or where that was cut off while it wrote. */
export async function boundNetwork(dataDir: string): Promise<string | null> {
  const text = await readFile(join(dataDir, FILE), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return text.trim() || null;
}
