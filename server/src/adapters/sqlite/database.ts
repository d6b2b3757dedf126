import { types } from 'node:util';
import { Worker } from 'node:worker_threads';
import { copyStatement, copyValue } from '../sql/bind-values.js';
import type { Database, Row, SqlValue, Statement, UnitResult, WriteOptions } from '../sql/database.js';
import { StorageError } from '../sql/storage-error.js';
import type { Synchronous } from './connection.js';
import type { DatabaseReply, DatabaseRequest, DatabaseThreadData, SqlFailure } from './database-protocol.js';
import { isFatal } from './sql-failure.js';

export interface DatabaseOptions {
  path: string;
  busyTimeoutMs?: number;
  /** Default `full`. */
  synchronous?: Synchronous;
  /** Units in one transaction at most. */
  maxGroup?: number;
  /** Called once when the thread died or the disk failed: nothing can be promised any more. */
  onFatal: (error: StorageError) => void;
  /** Makes the thread; a parameter so that a test can hold it. */
  makeWorker?: (data: DatabaseThreadData) => Worker;
}

/** How long a patient write waits for another one. */
const PATIENCE_MS = 4;

interface Call<T> { resolve(value: T): void; reject(error: Error): void }
interface WaitingUnit extends Call<UnitResult> { unit: Statement[] }

/**
 * The embedded database, seen from the main thread; a thread of its own does the work. Units are applied in the order of the calls; those that
 * wait together share one transaction, and so one flush to disk. One process has it to itself: keys and fences mean nothing here.
 */
export function createDatabase(options: DatabaseOptions): Database {
  const { path, busyTimeoutMs = 5000, synchronous = 'full', maxGroup = 256, onFatal, makeWorker = defaultWorker } = options;
  const reads = new Map<number, Call<Row[]>>();
  const waiting: WaitingUnit[] = [];
  let group: { id: number; units: WaitingUnit[] } | null = null;
  let gathering = false;
  let patience: NodeJS.Timeout | undefined;
  let nextId = 1;
  let worker: Worker | null = null;
  let starting: Promise<void> | null = null;
  let stopping: Promise<void> | null = null;
  let ended: StorageError | null = null;
  let idle: (() => void) | null = null;
  let exited: Promise<void> = Promise.resolve();

  function start(): Promise<void> {
    if (stopping) return Promise.reject(new StorageError('STORE_CLOSED', 'The store is closed.'));
    starting ??= new Promise((resolve, reject) => {
      const thread = makeWorker({ path, busyTimeoutMs, synchronous });
      worker = thread;
      exited = new Promise(done => thread.once('exit', () => done()));
      thread.on('message', (message: DatabaseReply) => {
        if (message.type === 'ready') resolve();
        else if (message.type === 'unopened') {
          const error = toError(message.failure);
          ended = error;
          reject(error);
          void thread.terminate();
        } else handle(message);
      });
      thread.on('error', error => fail(new StorageError('STORE_THREAD_ENDED', 'The database thread failed.', { cause: error }), reject));
      thread.on('exit', () => fail(new StorageError('STORE_THREAD_ENDED', 'The database thread ended unexpectedly.'), reject));
    });
    return starting;
  }

  function handle(message: Exclude<DatabaseReply, { type: 'ready' | 'unopened' }>): void {
    if (group?.id === message.id) {
      const { units } = group;
      group = null;
      units.forEach((waiter, index) => {
        const outcome = message.type === 'committed' ? message.outcomes[index] : message.type === 'failed' ? message.failure : undefined;
        if (outcome && 'applied' in outcome) waiter.resolve(outcome);
        else waiter.reject(refusal(outcome ?? { code: 'SQLITE_ERROR', message: 'The unit was not answered.' }));
      });
      pump();
    } else {
      const call = reads.get(message.id);
      reads.delete(message.id);
      if (message.type === 'rows') call?.resolve(message.rows);
      else if (message.type === 'failed') call?.reject(refusal(message.failure));
    }
    settleIdle();
  }

  function refusal(failure: SqlFailure): StorageError {
    const error = toError(failure);
    if (isFatal(error.code)) queueMicrotask(() => fail(error));
    return error;
  }

  /** Everything under way and everything later is rejected; the gateway is told once. */
  function fail(error: StorageError, rejectStart?: (error: Error) => void): void {
    if (ended) return;
    ended = error;
    rejectStart?.(error);
    const calls = [...reads.values(), ...(group?.units ?? []), ...waiting.splice(0)];
    reads.clear();
    group = null;
    for (const call of calls) call.reject(error);
    void worker?.terminate();
    settleIdle();
    onFatal(error);
  }

  function post(request: DatabaseRequest, transfer: ArrayBuffer[] = []): void {
    worker?.postMessage(request, transfer);
  }

  /** Sends the next group once the one before it is on disk. */
  function pump(): void {
    clearTimeout(patience);
    patience = undefined;
    if (group || ended || waiting.length === 0) return;
    const units = waiting.splice(0, maxGroup);
    group = { id: nextId++, units };
    const statements = units.map(({ unit }) => unit);
    post({ type: 'commit', id: group.id, units: statements }, statements.flat().flatMap(({ params }) => buffersOf(params)));
  }

  function write(unit: Statement[], { patient = false }: WriteOptions = {}): Promise<UnitResult> {
    return new Promise((resolve, reject) => {
      assertUsable();
      waiting.push({ unit: unit.map(copyStatement), resolve, reject });
      if (group || gathering) return;
      if (patient) {
        patience ??= setTimeout(pump, PATIENCE_MS);
        return;
      }
      // What one turn of the event loop brings in goes into one transaction.
      gathering = true;
      setImmediate(() => {
        gathering = false;
        pump();
      });
    });
  }

  function read(sql: string, params: SqlValue[] = []): Promise<Row[]> {
    return new Promise((resolve, reject) => {
      assertUsable();
      const copies = params.map(copyValue);
      const id = nextId++;
      reads.set(id, { resolve, reject });
      post({ type: 'read', id, sql, params: copies }, buffersOf(copies));
    });
  }

  function assertUsable(): void {
    if (ended) throw ended;
    if (!worker || stopping) throw new StorageError('STORE_CLOSED', 'The store is closed.');
  }

  function settleIdle(): void {
    if (ended || (!group && waiting.length === 0 && reads.size === 0)) idle?.();
  }

  async function finish(): Promise<void> {
    if (!worker) return;
    await starting?.catch(() => undefined);
    await new Promise<void>(resolve => {
      idle = resolve;
      settleIdle();
    });
    ended ??= new StorageError('STORE_CLOSED', 'The store is closed.');
    post({ type: 'close' });
    await exited;
  }

  return { start, read, write, stop: () => (stopping ??= finish()) };
}

function defaultWorker(data: DatabaseThreadData): Worker {
  return new Worker(new URL('./database-thread.js', import.meta.url), {
    workerData: data,
    // Options such as --input-type are for the main script and would keep a thread from starting.
    execArgv: [],
  });
}

function toError({ code, message }: SqlFailure): StorageError {
  return new StorageError(code, message);
}

/** What may be handed to the other thread without a second copy. */
function buffersOf(params: SqlValue[] = []): ArrayBuffer[] {
  return params.flatMap(value => (types.isUint8Array(value) ? [value.buffer as ArrayBuffer] : []));
}
