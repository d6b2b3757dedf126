import type { Logger } from 'pino';
import type { ClientBase } from 'pg';
import { DomainError, isStoreAway } from '../../domain/errors.js';
import type { Tenure } from '../../domain/instances/tenure.js';
import type { Clock } from '../../ports/clock.js';
import { copyStatement, copyValue } from '../sql/bind-values.js';
import type { Database, Row, SqlValue, Statement, UnitResult, WriteOptions } from '../sql/database.js';
import { StorageError } from '../sql/storage-error.js';
import { createAvailability } from './availability.js';
import { readCommitOutcome, type CommitOutcome, type TransactionMark } from './commit-outcome.js';
import { kindOfFailure, storeInDoubt, storeUnavailable, toStorageError } from './failures.js';
import { createLanes } from './lanes.js';
import { createPool, type PoolOptions } from './pool.js';
import { preparedName } from './prepared-name.js';
import { CommitInDoubt, runTransaction, type UnitOutcome } from './transaction.js';

export interface PostgresDatabaseOptions extends PoolOptions {
  clock: Pick<Clock, 'after' | 'elapsed'>;
  logger: Pick<Logger, 'warn' | 'info'>;
  /** How long a call is tried again while PostgreSQL is away, before it rejects. */
  patienceMs?: number;
  /** The same for a write with a fence: more hangs on it, and a fence tells whether it may still be done. */
  fencedPatienceMs?: number;
  /** Units of one key in one transaction at most. */
  maxGroup?: number;
}

interface WaitingUnit {
  statements: Statement[];
  fence: Tenure | undefined;
  /** When trying again comes to an end, by `clock.elapsed()`. */
  deadline: number;
  resolve(result: UnitResult): void;
  reject(error: Error): void;
}

/** PostgreSQL 13 can be asked what became of a transaction by the numbers used here. */
const OLDEST_VERSION = 130_000;
/** A call is tried again after this at the latest, whatever the probe says. */
const LONGEST_WAIT_MS = 1_000;
/** After two transactions were in each other's way. */
const CONTENDED_PAUSE_MS = 5;
const STOP_WAIT_MS = 10_000;

/**
 * The hot path on PostgreSQL. Units of one key are applied in the order of the calls, those that wait together in one transaction; different
 * keys go in parallel over the pool, as do units without a key.
 *
 * PostgreSQL may go away at any moment. A call that meets that is tried again until it works or its patience is over: then it rejects with the
 * DomainError `store_unavailable`. A write is applied once: where the connection was lost during COMMIT, the server is asked whether it did. If even
 * that could not be asked, it rejects with `details.stored` null: it may have been applied. One that rejected otherwise was not; one that resolved was.
 */
export function createPostgresDatabase(options: PostgresDatabaseOptions): Database {
  const { url, clock, logger, applicationName = 'chasqui', patienceMs = 5_000, fencedPatienceMs = 12_000, maxGroup = 32 } = options;
  const pool = createPool(options);
  const availability = createAvailability({ url, applicationName, clock, logger });
  const lanes = createLanes<WaitingUnit>({ run: apply, fits, clock });
  const underWay = new Set<Promise<unknown>>();
  let stopping: Promise<void> | null = null;

  function fits(group: readonly WaitingUnit[], { fence }: WaitingUnit): boolean {
    const epoch = fenceOf(group)?.epoch;
    return group.length < maxGroup && (fence === undefined || epoch === undefined || fence.epoch === epoch);
  }

  async function withClient<T>(work: (client: ClientBase) => Promise<T>): Promise<T> {
    const client = await pool.connect();
    let failure: Error | undefined;
    try {
      return await work(client);
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
      throw error;
    } finally {
      // After a failure nobody knows in what state the connection is.
      client.release(failure);
    }
  }

  /** @throws the error itself where trying again is pointless, `store_unavailable` where its time is over */
  async function beforeNextTry(error: unknown, tries: number, deadline: number): Promise<void> {
    const kind = kindOfFailure(error);
    if (kind === 'refused') throw toStorageError(error);
    const left = deadline - clock.elapsed();
    if (left <= 0) throw storeUnavailable(error);
    if (kind === 'away') await availability.afterFailure(error, Math.min(left, LONGEST_WAIT_MS));
    else await new Promise<void>(resolve => { clock.after(CONTENDED_PAUSE_MS * Math.min(tries, 10), resolve); });
  }

  async function persist<T>(deadline: number, attempt: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await attempt();
      } catch (error) {
        await beforeNextTry(error, tries, deadline);
      }
    }
  }

  async function apply(units: WaitingUnit[]): Promise<void> {
    let left = units;
    for (let tries = 1; left.length > 0; tries += 1) {
      try {
        left = await attempt(left);
      } catch (error) {
        left = await outlast(error, tries, left);
      }
    }
  }

  /** Rejects those whose time is over, or all where trying again is pointless; answers the others when it is worth trying. */
  async function outlast(error: unknown, tries: number, units: WaitingUnit[]): Promise<WaitingUnit[]> {
    const late = units.filter(({ deadline }) => deadline <= clock.elapsed());
    const others = units.filter(unit => !late.includes(unit));
    if (kindOfFailure(error) !== 'refused') late.forEach(({ reject }) => reject(storeUnavailable(error)));
    else late.forEach(({ reject }) => reject(toStorageError(error)));
    if (others.length === 0) return [];
    try {
      await beforeNextTry(error, tries, Math.min(...others.map(({ deadline }) => deadline)));
      return others;
    } catch (refusal) {
      others.forEach(({ reject }) => reject(refusal as Error));
      return [];
    }
  }

  /** Answers those that were not dealt with. */
  async function attempt(units: WaitingUnit[]): Promise<WaitingUnit[]> {
    const fence = fenceOf(units);
    let outcomes: UnitOutcome[] | null;
    try {
      outcomes = await withClient(client => runTransaction(client, units.map(({ statements }) => statements), fence));
    } catch (error) {
      if (!(error instanceof CommitInDoubt)) throw error;
      // What nobody can tell is worse than what takes longer.
      outcomes = await resolveDoubt(error, Math.max(clock.elapsed() + patienceMs, ...units.map(({ deadline }) => deadline)));
    }
    if (outcomes === null) {
      const [fenced, others] = [units.filter(unit => unit.fence), units.filter(unit => !unit.fence)];
      fenced.forEach(({ reject }) => reject(unowned()));
      return others;
    }
    const ends = outcomes;
    units.forEach(({ resolve, reject }, index) => {
      const outcome = ends[index];
      if (outcome === undefined) reject(new StorageError('UNKNOWN', 'The unit was not answered.'));
      else if (outcome instanceof Error) reject(outcome);
      else resolve(outcome);
    });
    return [];
  }

  /** @throws what ended the connection where nothing was committed: it may be done again. `store_unavailable`, in doubt, where nobody knows */
  async function resolveDoubt({ mark, outcomes, cause }: CommitInDoubt, deadline: number): Promise<UnitOutcome[]> {
    const outcome = await persist(deadline, () => finalOutcome(mark, deadline)).catch((error: unknown) => {
      throw isStoreAway(error) ? storeInDoubt(error.cause) : error;
    });
    logger.info({ outcome }, 'The connection to PostgreSQL was lost during COMMIT; it says what became of it');
    if (outcome === 'committed') return outcomes;
    throw cause;
  }

  /** The old connection may still be committing: it is waited for. */
  async function finalOutcome(mark: TransactionMark, deadline: number): Promise<Exclude<CommitOutcome, 'in progress'>> {
    for (;;) {
      const outcome = await withClient(client => readCommitOutcome(client, mark));
      if (outcome !== 'in progress') return outcome;
      if (clock.elapsed() >= deadline) throw storeUnavailable(undefined);
      await new Promise<void>(resolve => { clock.after(CONTENDED_PAUSE_MS, resolve); });
    }
  }

  function track<T>(work: Promise<T>): Promise<T> {
    underWay.add(work);
    const done = (): void => { underWay.delete(work); };
    work.then(done, done);
    return work;
  }

  function assertUsable(): void {
    if (stopping) throw new StorageError('STORE_CLOSED', 'The store is closed.');
  }

  async function read(sql: string, params: SqlValue[] = []): Promise<Row[]> {
    assertUsable();
    const query = { name: preparedName(sql), text: sql, values: params.map(copyValue) };
    const rows = persist(clock.elapsed() + patienceMs, () => withClient(async client => (await client.query<Row>(query)).rows));
    return track(rows);
  }

  async function write(unit: Statement[], { key, fence, patient = false }: WriteOptions = {}): Promise<UnitResult> {
    assertUsable();
    const statements = unit.map(copyStatement);
    return track(new Promise<UnitResult>((resolve, reject) => {
      const deadline = clock.elapsed() + (fence ? fencedPatienceMs : patienceMs);
      const waiting: WaitingUnit = { statements, fence, deadline, resolve, reject };
      if (key === undefined) void apply([waiting]);
      else lanes.add(key, waiting, patient);
    }));
  }

  async function start(): Promise<void> {
    const [row] = await read(`SELECT current_setting('server_version_num')::int AS version`);
    if (Number(row?.version) < OLDEST_VERSION) throw new StorageError('DATABASE_TOO_OLD', 'PostgreSQL 13 or newer is needed.');
  }

  async function finish(): Promise<void> {
    await inTime(Promise.allSettled([...underWay]));
    availability.stop();
    await inTime(pool.end());
  }

  async function inTime(work: Promise<unknown>): Promise<void> {
    let cancel: () => void = () => undefined;
    await Promise.race([work, new Promise<void>(resolve => { cancel = clock.after(STOP_WAIT_MS, resolve); })]);
    cancel();
  }

  return { start, read, write, stop: () => (stopping ??= finish()) };
}

function fenceOf(units: readonly WaitingUnit[]): Tenure | undefined {
  return units.find(({ fence }) => fence !== undefined)?.fence;
}

function unowned(): DomainError {
  return new DomainError('instance_unowned', 'Another node owns the instance now; nothing was written.', { hint: 'Repeat the request: it reaches the owner.' });
}
