import { chmod, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** How the commands on this machine reach the gateway that has a data directory, while it runs. */
export interface OperatorAccess {
  url: string;
  /** An admin key of this run of the gateway, which knows it by its hash alone. */
  key: string;
}

function pathOf(dataDir: string): string {
  return join(dataDir, 'operator.json');
}

/** Readable by its owner only; whole or not there. The caller holds the data directory's lock. */
export async function writeOperatorFile(dataDir: string, access: OperatorAccess): Promise<void> {
  const path = pathOf(dataDir);
  const draft = `${path}.new`;
  await rm(draft, { force: true });
  await writeFile(draft, `${JSON.stringify(access)}\n`, { mode: 0o600, flag: 'wx' });
  await chmod(draft, 0o600);
  await rename(draft, path);
}

export async function removeOperatorFile(dataDir: string): Promise<void> {
  await rm(pathOf(dataDir), { force: true });
}

/**
 * What the gateway of this data directory wrote at its start; null when there is nothing, or nothing of use. A gateway that was killed leaves its
 * file behind: then nobody answers at the url, or somebody who does not know the key.
 * @throws the system's error, as EACCES, when it is there and cannot be read
 */
export async function readOperatorFile(dataDir: string): Promise<OperatorAccess | null> {
  const text = await readFile(pathOf(dataDir), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
    throw error;
  });
  if (text === null) return null;
  try {
    const { url, key } = JSON.parse(text) as Partial<OperatorAccess>;
    return typeof url === 'string' && typeof key === 'string' ? { url, key } : null;
  } catch {
    return null;
  }
}
