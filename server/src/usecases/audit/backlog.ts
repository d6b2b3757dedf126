import type { Logger } from 'pino';
import { isStoreAway } from '../../domain/errors.js';
import type { NewAuditEntry } from '../../ports/audit-log.js';
import type { Clock } from '../../ports/clock.js';

/** So many entries wait at most, a few megabytes of memory; what comes after them is lost to the audit log. */
export const MAX_WAITING = 10_000;
const RETRY_MS = 1_000;
/** Written at the same time: they share commits. */
const BATCH = 100;
/** For one more try when the gateway stops. */
const LAST_TRY_MS = 1_000;
const STOPS = 'the gateway stops while the store is away';

/**
 * The entries that an outage of the store keeps out of it. They wait in memory, and are written when it is over; one whose commit nobody could ask about
 * may stand twice then, which is better than not at all.
 */
export interface AuditBacklog {
  /** Takes what the store could not. */
  add(entry: NewAuditEntry, err: unknown): void;
  /** To be called when the store took something: what waits may be written, too. */
  storeAnswers(): void;
  /** Tries once more, in short; tells the log what could not be written. Nothing is tried after that. */
  close(): Promise<void>;
}

export interface AuditBacklogParts {
  record: (entry: NewAuditEntry, patient: boolean) => Promise<void>;
  clock: Pick<Clock, 'after'>;
  logger: Pick<Logger, 'error' | 'warn' | 'info'>;
  maxWaiting?: number;
}

/** An entry holds no secret and no text, so it may be in the log. */
export function createAuditBacklog({ record, clock, logger, maxWaiting = MAX_WAITING }: AuditBacklogParts): AuditBacklog {
  const waiting: NewAuditEntry[] = [];
  /** Of the outage that lasts; null while there is none. */
  let outage: { written: number; lost: number } | null = null;
  let isFlushing = false;
  let flushed: Promise<void> = Promise.resolve();
  let cancelRetry = (): void => {};
  let phase: 'open' | 'closing' | 'closed' = 'open';

  function lose(entry: NewAuditEntry, why: string): void {
    if (outage) outage.lost += 1;
    logger.warn({ entry }, `an entry of the audit log is lost: ${why}`);
  }

  function retryLater(): void {
    cancelRetry();
    if (phase === 'open') cancelRetry = clock.after(RETRY_MS, flush);
  }

  function flush(): void {
    if (!isFlushing) flushed = writeAll();
  }

  async function writeAll(): Promise<void> {
    isFlushing = true;
    cancelRetry();
    // One alone asks whether the store is back.
    for (let size = 1; waiting.length > 0; size = BATCH) {
      const batch = waiting.slice(0, size);
      const settled = await Promise.all(batch.map(write));
      if (phase === 'closed') return;
      const left = batch.filter((_, index) => !settled[index]);
      waiting.splice(0, batch.length, ...left);
      if (left.length > 0) {
        isFlushing = false;
        return retryLater();
      }
    }
    isFlushing = false;
    if (outage) logger.warn(outage, 'the audit log can be written to again');
    outage = null;
  }

  /** Whether that is settled. */
  async function write(entry: NewAuditEntry): Promise<boolean> {
    try {
      await record(entry, true);
      if (outage) outage.written += 1;
    } catch (err) {
      if (isStoreAway(err)) return false;
      if (outage) outage.lost += 1;
      logger.error({ err, entry }, 'an entry of the audit log could not be kept');
    }
    return true;
  }

  return {
    add(entry, err) {
      if (!outage) logger.warn({ err }, `the audit log cannot be written to at the moment; up to ${maxWaiting} entries wait in memory until it can`);
      outage ??= { written: 0, lost: 0 };
      if (phase !== 'open') return lose(entry, STOPS);
      if (waiting.length >= maxWaiting) return lose(entry, 'too many wait for the store');
      // Should the process end before it is written, this line is all that is left of it.
      logger.info({ entry }, 'an entry of the audit log waits for the store');
      waiting.push(entry);
      if (waiting.length === 1 && !isFlushing) retryLater();
    },
    storeAnswers() {
      if (waiting.length > 0 && phase === 'open') flush();
    },
    async close() {
      phase = 'closing';
      if (waiting.length > 0) {
        flush();
        let cancel = (): void => {};
        await Promise.race([flushed, new Promise<void>(resolve => { cancel = clock.after(LAST_TRY_MS, resolve); })]);
        cancel();
      }
      phase = 'closed';
      cancelRetry();
      for (const entry of waiting.splice(0)) lose(entry, STOPS);
    },
  };
}
