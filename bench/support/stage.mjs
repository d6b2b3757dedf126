import { rmSync } from 'node:fs';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSimulator } from './processes.mjs';
import { createRest } from './rest.mjs';

/**
 * What every benchmark stands on: a simulator process, a client of its control API, a folder, and a list of what has to be closed.
 * @typedef {Awaited<ReturnType<typeof openStage>>} Stage
 */

/** @param {{ quickPairing?: boolean }} [options] for many sessions */
export async function openStage(options) {
  const dir = await mkdtemp(join(tmpdir(), 'chasqui-bench-'));
  const removeFolder = () => rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  const closers = [];
  // Interrupted, the processes end by themselves, and the folder goes here.
  const interrupt = () => process.exit(130);
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt).once('exit', removeFolder);
  const close = async () => {
    for (const closeOne of closers.splice(0).reverse()) await closeOne();
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt).off('exit', removeFolder);
    removeFolder();
  };
  try {
    const simulator = await startSimulator(dir, options);
    closers.push(() => simulator.stop());
    const control = createRest(simulator.url);
    closers.push(() => control.close());
    return {
      dir, simulator, control, close,
      /** Closed with the stage, the last first. */
      closing: closeOne => void closers.push(closeOne),
      async folder(name) {
        const path = join(dir, name);
        await mkdir(path, { recursive: true });
        return path;
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
