import { MOVED_TABLES, type MovedTable, type MoveMark, type MoveSource, type MoveTarget } from '../ports/installation-move.js';

export interface MoveOptions {
  source: MoveSource;
  target: MoveTarget;
  /** Of this move, should it be the first try: anything that never comes twice. */
  id: string;
  /** ISO 8601. */
  now: () => string;
  /** After each table. */
  onTable?: (table: MovedTable, rows: number) => void;
}

/** Why an installation is not moved: a sentence for a person. */
export class MoveError extends Error {
  override readonly name = 'MoveError';

  constructor(readonly code: 'ALREADY_MOVED' | 'MOVING_ELSEWHERE' | 'TARGET_NOT_EMPTY' | 'TARGET_IN_USE' | 'OTHER_NETWORK' | 'COPY_DIFFERS' | 'NOT_COMMITTED' | 'OUTCOME_UNKNOWN', message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** Which move filled a database, among its settings. */
const MOVED_FROM = 'moved-from';
const NETWORK = 'network';
/** Others may hold what a node made that was started on the empty database. */
const MUST_BE_EMPTY = MOVED_TABLES.filter(table => table !== 'ApiKey' && table !== 'Setting' && table !== 'DataKey');

/**
 * Moves an installation into an empty database, all of it or nothing. At no moment could both be used, whatever crashes: the source is marked on disk
 * before the target commits, and the mark keeps gateways from starting on it. A crash in between leaves the mark `moving`; the same move run again
 * finds the mark's id in the target if that was committed, and copies again if it was not.
 * @returns how many rows each table has; null when an earlier run had done it all but for the last mark
 * @throws MoveError
 */
export async function moveInstallation({ source, target, id, now, onTable = () => undefined }: MoveOptions): Promise<Map<MovedTable, number> | null> {
  const mark = await source.readMark();
  checkMark(mark, target.name);
  const begun: MoveMark = mark ?? { state: 'moving', id, target: target.name, at: now() };

  await target.begin();
  if (mark && await target.setting(MOVED_FROM) === mark.id) {
    await source.writeMark({ ...begun, state: 'moved', at: now() });
    return null;
  }
  // That move came to nothing: `begin` waited for whatever of it was still under way.
  if (mark) await source.removeMark();
  await checkTarget(source, target);
  await target.clearKeys();
  const moved = new Map<MovedTable, number>();
  for (const table of MOVED_TABLES) {
    moved.set(table, await copy(table, source, target));
    onTable(table, moved.get(table) ?? 0);
  }
  if (source.network !== null) await target.putSetting(NETWORK, source.network);
  await target.putSetting(MOVED_FROM, begun.id);

  await source.writeMark(begun);
  await commit(source, target);
  await source.writeMark({ ...begun, state: 'moved', at: now() });
  return moved;
}

function checkMark(mark: MoveMark | null, target: string): void {
  if (mark?.state === 'moved') throw new MoveError('ALREADY_MOVED', `It was moved to ${mark.target} at ${mark.at}; there is nothing left to do. Start the gateways on that database.`);
  if (mark && mark.target !== target) {
    throw new MoveError('MOVING_ELSEWHERE', `A move to ${mark.target} was begun at ${mark.at}, and may have been completed. Run it again with the same --to: it finds that out.`);
  }
}

async function checkTarget(source: MoveSource, target: MoveTarget): Promise<void> {
  const nodes = await target.livingNodes();
  if (nodes > 0) throw new MoveError('TARGET_IN_USE', `${nodes === 1 ? 'A gateway is' : `${nodes} gateways are`} running on ${target.name}. Stop what runs there, wait a minute if it was killed, and try again.`);
  for (const table of MUST_BE_EMPTY) {
    if (await target.count(table) > 0) throw new MoveError('TARGET_NOT_EMPTY', `${target.name} is in use already (its table ${table} is not empty). Move into an empty database.`);
  }
  const network = await target.setting(NETWORK);
  if (network !== null && source.network !== null && network !== source.network) {
    throw new MoveError('OTHER_NETWORK', `${target.name} was first used on the ${network} network, and this installation on the ${source.network} one. Move into an empty database.`);
  }
}

/** Answers how many rows were copied. */
async function copy(table: MovedTable, source: MoveSource, target: MoveTarget): Promise<number> {
  const before = await target.count(table);
  const columns = source.columns(table);
  let rows = 0;
  for (const batch of source.batches(table)) {
    await target.insert(table, columns, batch);
    rows += batch.length;
  }
  const lastSeq = source.lastSeq(table);
  if (lastSeq !== null) await target.continueAfter(table, lastSeq);
  const [expected, there] = [source.count(table), await target.count(table) - before];
  if (rows !== expected || there !== expected) throw new MoveError('COPY_DIFFERS', `Of the ${expected} rows of ${table}, ${rows} were read and ${there} are in ${target.name}. Nothing was moved.`);
  return rows;
}

async function commit(source: MoveSource, target: MoveTarget): Promise<void> {
  let committed: boolean;
  try {
    committed = await target.commit();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new MoveError('OUTCOME_UNKNOWN', `The connection to ${target.name} was lost at the last step (${why}), so that nobody knows yet whether everything is there. Run the same command again: it finds that out. Until then no gateway starts on the source.`, { cause });
  }
  if (committed) return;
  await source.removeMark();
  throw new MoveError('NOT_COMMITTED', `${target.name} refused to commit; nothing was moved, and the source can be used as before.`);
}
