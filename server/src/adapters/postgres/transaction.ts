import pg from 'pg';
import type { Tenure } from '../../domain/instances/tenure.js';
import type { Row, Statement, UnitResult } from '../sql/database.js';
import { kindOfFailure, toStorageError } from './failures.js';
import { preparedName } from './prepared-name.js';
import type { TransactionMark } from './commit-outcome.js';

export type Unit = readonly Statement[];
/** An Error is why this unit alone failed. */
export type UnitOutcome = UnitResult | Error;

/** The connection was lost while it committed: `mark` tells what to ask about it. */
export class CommitInDoubt extends Error {
  override readonly name = 'CommitInDoubt';
  constructor(readonly mark: TransactionMark, readonly outcomes: UnitOutcome[], cause: unknown) {
    super('The connection was lost during COMMIT.', { cause });
  }
}

/**
 * Runs units in one transaction. Each is applied as a whole or not at all; one that fails or refuses leaves the others alone. What needs no
 * answer in between is sent at once: a unit alone takes two round trips. Answers one outcome per unit, after COMMIT; null when the fence's tenure
 * is over, and nothing was written.
 * @throws what ended the transaction: nothing was written then, except after `CommitInDoubt`. The connection is to be thrown away
 */
export async function runTransaction(client: pg.ClientBase, units: readonly Unit[], fence?: Tenure): Promise<UnitOutcome[] | null> {
  const grouped = units.length > 1;
  const outcomes: UnitOutcome[] = [];
  let mark: TransactionMark | null = null;
  let undone = false;

  for (const [index, unit] of units.entries()) {
    const before = index === 0 ? [beginText(fence), ...grouped ? ['SAVEPOINT unit'] : []] : [nextUnitText(undone)];
    const [opened, ...answers] = await sendAll(client, before, unit);
    for (const answer of [opened, ...answers.slice(0, before.length - 1)]) if (answer?.error) throw answer.error;
    if (index === 0) {
      const [, marked, fenced] = opened?.results ?? [];
      mark = marked?.rows[0] as unknown as TransactionMark;
      if (fence && fenced?.rowCount !== 1) {
        await client.query('ROLLBACK');
        return null;
      }
    }
    const outcome = judge(unit, answers.slice(before.length - 1));
    undone = outcome instanceof Error || !outcome.applied;
    outcomes.push(outcome);
  }

  if (undone && !grouped) {
    await client.query('ROLLBACK');
    return outcomes;
  }
  await commit(client, undone, mark as TransactionMark, outcomes);
  return outcomes;
}

/**
 * The owner's row is locked against those who would take over: they wait until this has been committed, or find it undone. A takeover that came
 * first has changed the epoch: then there is no such row.
 */
function beginText(fence: Tenure | undefined): string {
  const begin = `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SELECT pg_current_xact_id()::text AS xid, pg_current_wal_flush_lsn()::text AS flushed`;
  if (!fence) return begin;
  // A simple query, for one round trip, takes no parameters.
  const instanceId = pg.escapeLiteral(fence.instanceId.replaceAll('\0', '\uFFFD'));
  return `${begin}; SELECT 1 FROM "Lease" WHERE "instanceId" = ${instanceId} AND epoch = ${BigInt(fence.epoch)} FOR KEY SHARE`;
}

function nextUnitText(undone: boolean): string {
  return undone ? 'ROLLBACK TO SAVEPOINT unit' : 'RELEASE SAVEPOINT unit; SAVEPOINT unit';
}

interface Answer { results: pg.QueryResult<Row>[]; error?: unknown }

/** All at once; every answer is awaited, whatever becomes of the others. */
async function sendAll(client: pg.ClientBase, texts: string[], unit: Unit): Promise<Answer[]> {
  const sent = [
    ...texts.map(text => client.query<Row>(text)),
    ...unit.map(({ sql, params = [] }) => client.query<Row>({ name: preparedName(sql), text: sql, values: params })),
  ];
  // Several statements in one text have several results.
  return (await Promise.allSettled(sent)).map(answer =>
    (answer.status === 'fulfilled' ? { results: [answer.value].flat() } : { results: [], error: answer.reason as unknown }));
}

/** Reads the answers in order: the first that refuses or fails decides, whatever those behind it say. */
function judge(unit: Unit, answers: Answer[]): UnitOutcome {
  const changes: number[] = [];
  let rows: Row[] | undefined;
  for (const [index, { requireChanges, reads }] of unit.entries()) {
    const { results: [result], error } = answers[index] ?? { results: [] };
    if (error !== undefined) {
      if (kindOfFailure(error) !== 'refused') throw error;
      return toStorageError(error);
    }
    const changed = result?.rowCount ?? 0;
    if (reads) rows = [...rows ?? [], ...result?.rows ?? []];
    changes.push(reads ? 0 : changed);
    if (requireChanges && changed === 0) return { applied: false, changes };
  }
  return { applied: true, changes, ...(rows && { rows }) };
}

async function commit(client: pg.ClientBase, undone: boolean, mark: TransactionMark, outcomes: UnitOutcome[]): Promise<void> {
  if (undone) await client.query('ROLLBACK TO SAVEPOINT unit');
  let ended: string;
  try {
    ended = (await client.query('COMMIT')).command;
  } catch (error) {
    if (kindOfFailure(error) === 'away') throw new CommitInDoubt(mark, outcomes, error);
    throw error;
  }
  // PostgreSQL answers so, without an error, where something had failed.
  if (ended !== 'COMMIT') throw new Error(`The transaction ended with ${ended}.`);
}
