import type { Logger } from 'pino';
import { isStoreAway } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

export interface KeepTryingDeps {
  clock: Clock;
  logger: Pick<Logger, 'error' | 'debug'>;
  /** Ends the trying; the last error is then thrown. */
  signal: AbortSignal;
}

/**
 * Does what must not be left undone, such as noting the outcome of a post that cannot be taken back: tries until it
 * works, with growing pauses.
 * @param what for the log
 * @throws the last error, once the signal is given
 */
export async function keepTrying<T>({ clock, logger, signal }: KeepTryingDeps, what: string, work: () => Promise<T>): Promise<T> {
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      return await work();
    } catch (err) {
      if (signal.aborted) throw err;
      logger[isStoreAway(err) ? 'debug' : 'error']({ err, retryInMs: pause }, `${what} failed`);
      await sleep(clock, pause, signal);
    }
  }
}

function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const done = () => { cancel(); signal.removeEventListener('abort', done); resolve(); };
    const cancel = clock.after(ms, done);
    signal.addEventListener('abort', done);
  });
}
