import type { Logger } from 'pino';
import pg from 'pg';
import type { Clock } from '../../ports/clock.js';
import { codeOf } from './failures.js';

/** Whether PostgreSQL is there: asked while it is not, by one for all, so that an outage is one line in the log and not one attempt per call. */
export interface Availability {
  /** To be called after a failure that had to do with it. Resolves when it is worth trying again, after `ms` at the latest. */
  afterFailure(error: unknown, ms: number): Promise<void>;
  /** Stops asking. */
  stop(): void;
}

export interface AvailabilityOptions {
  url: string;
  applicationName: string;
  clock: Pick<Clock, 'after' | 'elapsed'>;
  logger: Pick<Logger, 'warn' | 'info'>;
}

const PROBE_TIMEOUT_MS = 2_000;
/** Between two probes: doubled from the first to the last. */
const [SHORTEST_PAUSE_MS, LONGEST_PAUSE_MS] = [50, 500];
/** Also when a probe finds nothing wrong: the pool may have more broken connections to go through. */
const LEAST_PAUSE_MS = 10;

export function createAvailability({ url, applicationName, clock, logger }: AvailabilityOptions): Availability {
  let back: Promise<void> | null = null;
  let stopped = false;
  const pause = (ms: number) => new Promise<void>(resolve => { clock.after(ms, resolve); });

  async function watch(cause: unknown): Promise<void> {
    const since = clock.elapsed();
    let reported = false;
    for (let wait = SHORTEST_PAUSE_MS; !stopped && !(await answers(url, applicationName)); wait = Math.min(wait * 2, LONGEST_PAUSE_MS)) {
      if (!reported) logger.warn({ code: codeOf(cause), reason: cause instanceof Error ? cause.message : String(cause) }, 'PostgreSQL does not answer; what needs it waits');
      reported = true;
      await pause(wait);
    }
    back = null;
    if (reported && !stopped) logger.info({ ms: Math.round(clock.elapsed() - since) }, 'PostgreSQL answers again');
  }

  return {
    async afterFailure(error, ms) {
      back ??= watch(error);
      const least = pause(LEAST_PAUSE_MS);
      let cancel: () => void = () => undefined;
      await Promise.race([back, new Promise<void>(resolve => { cancel = clock.after(ms, resolve); })]);
      cancel();
      await least;
    },
    stop() {
      stopped = true;
    },
  };
}

/** Whether a new connection can be made to a server that takes writes. */
async function answers(connectionString: string, application_name: string): Promise<boolean> {
  const client = new pg.Client({ connectionString, application_name, connectionTimeoutMillis: PROBE_TIMEOUT_MS, query_timeout: PROBE_TIMEOUT_MS });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows: [row] } = await client.query<{ standby: boolean }>('SELECT pg_is_in_recovery() AS standby');
    return row?.standby === false;
  } catch {
    return false;
  } finally {
    client.end().catch(() => undefined);
  }
}
