import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '../../domain/errors.js';
import { connectionFailure } from './connection-failure.js';

/** What to do with an operation while the database cannot be reached. Both throw the DomainError `store_unavailable` in the end. */
export interface Patience {
  /** An operation that may run twice. */
  repeat<T>(work: () => Promise<T>): Promise<T>;
  /** One that must not: tried again only if it certainly did nothing. */
  once<T>(work: () => Promise<T>): Promise<T>;
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

/** @param patienceMs no further try begins after that; long enough for a restart of the database, short enough for a request */
export function createPatience(patienceMs = 5_000): Patience {
  async function run<T>(work: () => Promise<T>, mayRepeat: boolean): Promise<T> {
    const started = performance.now();
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        return await work();
      } catch (error) {
        const failure = connectionFailure(error);
        if (failure === null) throw error;
        const safe = mayRepeat || failure === 'nothing_done';
        if (!safe || performance.now() - started + pause > patienceMs) throw unavailable(safe, error);
      }
      await sleep(pause);
    }
  }
  return { repeat: work => run(work, true), once: work => run(work, false) };
}

function unavailable(safe: boolean, cause: unknown): DomainError {
  return safe
    ? new DomainError('store_unavailable', 'The database cannot be reached at the moment.', { hint: 'Try again in some seconds.', cause })
    : new DomainError('store_unavailable', 'The connection to the database was lost; what was asked for may have been done all the same.', { hint: 'See whether it was done before you try again.', cause });
}
