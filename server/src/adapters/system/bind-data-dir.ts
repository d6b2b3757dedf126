import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const FILE = 'network';

/** The data directory belongs to sessions of another network. */
export class DataDirError extends Error {
  override readonly name = 'DataDirError';
  readonly code = 'DATA_DIR_OF_OTHER_NETWORK';
}

/**
 * Binds a data directory to the network it is first used on. Sessions of one network are refused by the other as logged out, and a
 * log-out deletes them: real sessions must never meet a simulator. Call it while holding the directory's lock.
 * @throws DataDirError when it is bound to the other one
 */
export async function bindDataDir(dataDir: string, network: 'live' | 'sandbox'): Promise<void> {
  const path = join(dataDir, FILE);
  const bound = await readFile(path, 'utf8').then(text => text.trim(), (error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  // Empty: it was cut off while it wrote. What was written is flushed before anything connects, so there are no sessions yet.
  if (bound === null || bound === '') return writeFile(path, `${network}\n`, { mode: 0o600, flush: true });
  if (bound !== network) {
    throw new DataDirError(`${dataDir} holds sessions of the ${bound} network and must not be used on the ${network} one. Set DATA_DIR to another directory, or WHATSAPP_NETWORK=${bound}.`);
  }
}
