import { toRow, type Statement as Prepared } from './prepared.js';
import type { Row, Statement, UnitResult } from '../sql/database.js';
import type { SqlFailure } from './database-protocol.js';
import type { Connection } from './connection.js';
import { describeFailure } from './sql-failure.js';

/**
 * Runs units in one transaction: one flush to disk for all. Each unit is applied as a whole or not at all; one that fails
 * or refuses leaves the others alone. Answers one outcome per unit, after COMMIT.
 * @throws when the transaction as a whole was lost: then no unit is applied
 */
export function commitGroup(connection: Connection, prepare: (sql: string) => Prepared, units: Statement[][]): (UnitResult | SqlFailure)[] {
  connection.exec('BEGIN IMMEDIATE');
  try {
    const outcomes = units.map(unit => runUnit(connection, prepare, unit));
    connection.exec('COMMIT');
    return outcomes;
  } catch (error) {
    if (connection.inTransaction) connection.exec('ROLLBACK');
    throw error;
  }
}

function runUnit(connection: Connection, prepare: (sql: string) => Prepared, unit: Statement[]): UnitResult | SqlFailure {
  // A single statement is atomic by itself.
  const guarded = unit.length > 1;
  if (guarded) connection.exec('SAVEPOINT unit');
  try {
    const result = runStatements(prepare, unit);
    if (guarded) connection.exec(result.applied ? 'RELEASE unit' : 'ROLLBACK TO unit; RELEASE unit');
    return result;
  } catch (error) {
    // Some failures (disk full, I/O) end the transaction itself, and with it every unit before this one.
    if (!connection.inTransaction) throw error;
    if (guarded) connection.exec('ROLLBACK TO unit; RELEASE unit');
    return describeFailure(error);
  }
}

function runStatements(prepare: (sql: string) => Prepared, unit: Statement[]): UnitResult {
  const changes: number[] = [];
  let rows: Row[] | undefined;
  for (const { sql, params = [], requireChanges, reads } of unit) {
    if (reads) rows = [...rows ?? [], ...prepare(sql).all(params).map(toRow)];
    const changed = reads ? 0 : prepare(sql).run(params).changes;
    changes.push(changed);
    if (requireChanges && changed === 0) return { applied: false, changes };
  }
  return { applied: true, changes, ...(rows && { rows }) };
}
