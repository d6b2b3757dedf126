import { createAuditor } from '@gateway/usecases/audit/auditor.js';
import { createRetention } from '@gateway/usecases/retention.js';
import { soleTenure } from '@gateway/domain/instances/tenure.js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openTestStore } from '../../contracts/support/embedded.js';
import { delivery, incoming, outgoing, seedWebhooks, utf8 } from '../../contracts/support/samples.js';
import { collectingLogger } from '../../support/logger.js';
import { createTestClock, type TestClock } from '../../support/test-clock.js';
import { until } from '../../support/until.js';

const DAY_MS = 24 * 3_600_000;
const keep = { messagesMs: 30 * DAY_MS, deliveriesMs: 7 * DAY_MS, journalMs: 3 * DAY_MS, backupsMs: 3 * DAY_MS, historyMs: 5 * DAY_MS, auditMs: 90 * DAY_MS };

let store: Awaited<ReturnType<typeof openTestStore>>;
let clock: TestClock;
beforeEach(async () => {
  store = await openTestStore();
  clock = createTestClock();
  await seedWebhooks(store, ['hook']);
});
afterEach(() => store.close());

it('removes each kind when its own time is over, in an hourly round, and leaves what is still on its way', async () => {
  const made = clock.now() - DAY_MS;
  const lines: Record<string, number>[] = [];
  const logger = { info: (line: Record<string, number>) => { lines.push(line); }, error: (line: unknown) => { throw new Error(JSON.stringify(line)); } };
  await store.messages.insertOutgoing(outgoing('waiting', { createdAt: made, dueAt: made, expiresAt: made + 90 * DAY_MS }));
  // More than one batch of messages.
  await Promise.all(Array.from({ length: 1_100 }, (_, index) => store.messages.recordIncoming(incoming(`in${index}`, { createdAt: made }), index < 3 ? [delivery(`d${index}`, { createdAt: made })] : [])));
  await store.deliveries.settle('d0', { state: 'delivered', attempts: 1, at: made });
  const entry = (hash: string) => ({ hash, messageId: hash, sender: 'a@lid', stanza: utf8('stanza'), plaintext: utf8('text'), createdAt: made });
  await store.sessions.commit(soleTenure('one'), { journal: [entry('done'), entry('undone')] });
  await store.journal.markDone(soleTenure('one'), ['done'], made);

  await store.sessions.commit(soleTenure('one'), { credentials: utf8('identity') });
  await store.sessions.backUp(soleTenure('one'), { id: 'backup', createdAt: made, cause: 'manual', phoneNumber: null, device: 'device', endedAt: null });
  await store.history.append(soleTenure('one'), { at: made, status: 'CONNECTED', reason: 'connected' });

  const auditor = createAuditor({ audit: store.audit, clock, logger: collectingLogger([]) });
  const audited = async () => (await store.audit.list({ limit: 10 })).entries;
  const retention = createRetention({ ...store, auditor, keep, clock, logger: logger as unknown as Parameters<typeof createRetention>[0]['logger'] });
  const round = async (pass: number): Promise<Record<string, number>> => {
    await clock.advance(pass);
    let removed: Record<string, number> | null = null;
    void retention.run().then(result => { removed = result; });
    await until('the round is over', async () => {
      await clock.advance(50);
      return removed !== null;
    });
    return removed ?? {};
  };
  try {
    expect(await round(DAY_MS)).toMatchObject({ messages: 0, deliveries: 0, journal: 0, backups: 0, history: 0 });
    expect(await round(2 * DAY_MS)).toMatchObject({ messages: 0, deliveries: 0, journal: 1, backups: 1, history: 0 });
    expect(await round(4 * DAY_MS)).toMatchObject({ messages: 0, deliveries: 1, journal: 0, backups: 0, history: 1 });
    expect(await audited()).toMatchObject([{ actor: { id: 'gateway' }, action: 'retention.remove', outcome: 'ok', detail: { deliveries: 1, history: 1 } }, { detail: { journal: 1, backups: 1 } }]);
    lines.length = 0;
    // By itself: the first round waits until a start is over.
    await clock.advance(23 * DAY_MS);
    retention.start();
    await clock.advance(59_000);
    expect(lines).toEqual([]);
    await until('the messages are removed', async () => {
      await clock.advance(1_000);
      return lines.length > 0;
    });
    expect(lines).toMatchObject([{ messages: 1_100 }]);
    expect((await store.messages.list('one', { limit: 10 })).messages.map(({ messageId }) => messageId)).toEqual(['waiting']);
    expect((await store.deliveries.list('hook', { limit: 10 })).deliveries.map(({ id }) => id).sort()).toEqual(['d1', 'd2']);
    expect(await store.journal.listUndone('one', 0, 10)).toMatchObject([{ messageId: 'undone' }]);

    // What the audit log loses is no entry of it: else it would never be empty again.
    expect(await audited()).toHaveLength(3);
    await round(keep.auditMs + DAY_MS);
    expect(await audited()).toEqual([]);
  } finally {
    await retention.stop();
  }
});
