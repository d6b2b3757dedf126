import { DomainError } from '@gateway/domain/errors.js';
import type { NewAuditEntry } from '@gateway/ports/audit-log.js';
import { createAuditor } from '@gateway/usecases/audit/auditor.js';
import { createAuditBacklog, MAX_WAITING } from '@gateway/usecases/audit/backlog.js';
import { describe, expect, it } from 'vitest';
import { collectingLogger } from '../../support/logger.js';
import { createTestClock } from '../../support/test-clock.js';

type Store = 'there' | 'away' | 'hangs' | 'broken';

/** An audit log whose store is what a test says it is, and what an operator sees of it with LOG_LEVEL=warn. */
function createRig(level = 'warn') {
  const clock = createTestClock(1_000_000);
  const lines: { level: number; msg: string; entry?: NewAuditEntry; written?: number; lost?: number }[] = [];
  const written: NewAuditEntry[] = [];
  let store: Store = 'there';
  let tries = 0;
  async function record(entry: NewAuditEntry): Promise<void> {
    tries += 1;
    if (store === 'hangs') await new Promise(() => {});
    if (store === 'away') throw new DomainError('store_unavailable', 'The database does not answer.');
    if (store === 'broken') throw new Error('no such table');
    written.push(entry);
  }
  const logger = collectingLogger(lines as unknown as Record<string, unknown>[], level);
  return {
    clock, lines, written, record, logger,
    auditor: createAuditor({ audit: { record }, clock, logger }),
    set(state: Store) { store = state; },
    tries: () => tries,
    said: () => lines.map(({ msg }) => msg),
  };
}

const entry = (action: string) => ({ actor: { id: 'k1', name: 'Ana' }, action, instanceId: 'one', outcome: 'ok' as const, detail: null, requestId: null });
const actions = (entries: NewAuditEntry[]) => entries.map(({ action }) => action);
const BEGINS = expect.stringMatching(/cannot be written to at the moment/) as string;
const ENDS = 'the audit log can be written to again';

describe('the auditor in an outage of the store', () => {
  it('says so once when it begins, and once when it is over, however many entries it keeps out', async () => {
    const { auditor, clock, lines, said, set } = createRig();
    set('away');
    for (const action of ['a', 'b', 'c']) await auditor.note(entry(action));
    await clock.advance(10_000);
    expect(said()).toEqual([BEGINS]);
    set('there');
    await clock.advance(1_000);
    expect(said()).toEqual([BEGINS, ENDS]);
    expect(lines[1]).toMatchObject({ written: 3, lost: 0 });
    set('away');
    await auditor.note(entry('d'));
    expect(said()).toEqual([BEGINS, ENDS, BEGINS]);
  });

  it('writes what waited when the store is back by itself, in its order, with the time at which it was done', async () => {
    const { auditor, clock, written, set } = createRig();
    set('away');
    await auditor.note(entry('a'));
    await clock.advance(500);
    await auditor.note(entry('b'), true);
    await clock.advance(30_000);
    expect(written).toEqual([]);
    set('there');
    await clock.advance(1_000);
    expect(written).toEqual([{ ...entry('a'), at: 1_000_000 }, { ...entry('b'), at: 1_000_500 }]);
    expect(clock.timers()).toBe(0);
  });

  it('does not wait for the next try when a new entry shows that the store is back', async () => {
    const { auditor, clock, written, set } = createRig();
    set('away');
    for (const action of ['a', 'b']) await auditor.note(entry(action));
    set('there');
    await auditor.note(entry('c'));
    await clock.advance(0);
    expect(actions(written)).toEqual(['c', 'a', 'b']);
    expect(clock.timers()).toBe(0);
  });

  it('asks with one entry at a time, however many wait', async () => {
    const { auditor, clock, tries, set } = createRig();
    set('away');
    for (let index = 0; index < 50; index += 1) await auditor.note(entry(String(index)));
    const before = tries();
    await clock.advance(3_000);
    expect(tries() - before).toBe(3);
  });

  it('keeps a bounded number, logs each of those beyond it whole, and counts them at the end', async () => {
    const { clock, lines, written, record, logger, set } = createRig();
    const backlog = createAuditBacklog({ record, clock, logger, maxWaiting: 2 });
    const away = new DomainError('store_unavailable', 'The database does not answer.');
    set('away');
    for (const action of ['a', 'b', 'c', 'd']) backlog.add({ ...entry(action), at: 7 }, away);
    expect(lines.slice(1)).toMatchObject(['c', 'd'].map(action => ({ level: 40, msg: 'an entry of the audit log is lost: too many wait for the store', entry: { ...entry(action), at: 7 } })));
    set('there');
    await clock.advance(1_000);
    expect(actions(written)).toEqual(['a', 'b']);
    expect(lines.at(-1)).toMatchObject({ level: 40, msg: ENDS, written: 2, lost: 2 });
    expect(MAX_WAITING).toBeGreaterThanOrEqual(1_000);
  });

  it('takes more than a batch, and an outage in the middle of writing them', async () => {
    const { auditor, clock, said, written, set } = createRig();
    set('away');
    const all = Array.from({ length: 250 }, (_, index) => String(index));
    for (const action of all) await auditor.note(entry(action));
    set('there');
    const advanced = clock.advance(1_000);
    while (written.length < 101) await Promise.resolve();
    set('away');
    await advanced;
    const half = written.length;
    expect(half).toBeLessThan(250);
    expect(said()).toEqual([BEGINS]);
    set('there');
    await clock.advance(1_000);
    expect(actions(written)).toEqual(all);
    expect(said()).toEqual([BEGINS, ENDS]);
  });

  it('gives up an entry that the store refuses, not those behind it', async () => {
    const { auditor, clock, lines, written, set } = createRig();
    set('away');
    for (const action of ['bad', 'good']) await auditor.note(entry(action));
    set('broken');
    // The first asks; it is refused, and the next finds the store as it should be.
    const advanced = clock.advance(1_000);
    while (lines.length < 2) await Promise.resolve();
    set('there');
    await advanced;
    expect(lines[1]).toMatchObject({ level: 50, entry: entry('bad') });
    expect(actions(written)).toEqual(['good']);
    expect(lines.at(-1)).toMatchObject({ msg: ENDS, written: 1, lost: 1 });
  });

  it('writes what waits when the gateway stops, and leaves no timer', async () => {
    const { auditor, clock, written, set } = createRig();
    set('away');
    for (const action of ['a', 'b']) await auditor.note(entry(action));
    set('there');
    await auditor.settled();
    expect(actions(written)).toEqual(['a', 'b']);
    expect(clock.timers()).toBe(0);
  });

  it.each(['away', 'hangs'] as const)('logs each entry that waits when the gateway stops and the store is away (%s), after a short time', async state => {
    const { auditor, clock, lines, set } = createRig();
    set('away');
    for (const action of ['a', 'b']) await auditor.note(entry(action));
    set(state);
    const settled = auditor.settled();
    await clock.advance(0);
    await clock.advance(1_000);
    await settled;
    expect(lines.slice(1)).toMatchObject(['a', 'b'].map(action => ({ level: 40, msg: expect.stringMatching(/is lost: the gateway stops/) as string, entry: entry(action) })));
    expect(clock.timers()).toBe(0);
  });

  it('leaves each entry in the log at level info, should the process end before it is written', async () => {
    const { auditor, lines, set } = createRig('info');
    set('away');
    await auditor.note(entry('a'));
    expect(lines[1]).toMatchObject({ level: 30, msg: 'an entry of the audit log waits for the store', entry: { ...entry('a'), at: 1_000_000 } });
  });

  it('logs at once, as an error, what is refused for another reason', async () => {
    const { auditor, lines, set } = createRig();
    set('broken');
    await auditor.note(entry('a'));
    expect(lines).toMatchObject([{ level: 50, msg: 'an entry of the audit log could not be kept', entry: entry('a') }]);
  });
});
