import type { Database } from '@gateway/adapters/sql/database.js';
import { createSqlStores } from '@gateway/adapters/sql/sql-stores.js';
import { openConnection, type Connection } from '@gateway/adapters/sqlite/connection.js';
import { sqliteDialect } from '@gateway/adapters/sqlite/dialect.js';
import { soleTenure } from '@gateway/domain/instances/tenure.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestDatabase, type TestDatabase } from '../../contracts/support/database';
import { delivery, incoming, NOW, outgoing } from '../../contracts/support/samples';

const TABLES = 'Instance|Webhook|Delivery|Message|SessionCredentials|SignalKey|JournalEntry|CiphertextMemo|Backup|ConnectionRecord|AuditEntry';

describe('query plans', () => {
  let opened: TestDatabase;
  let planner: Connection;
  beforeEach(async () => {
    opened = await openTestDatabase();
    planner = openConnection(opened.path, 1000);
  });
  afterEach(() => {
    planner.close();
    return opened.close();
  });
  const explain = (sql: string, params: unknown[]): string[] =>
    planner.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(params).map(row => String((row as { detail: unknown }).detail));

  /** A database that notes the plan of every statement it is given. */
  function explaining(): { database: Database; plans: Map<string, string[]> } {
    const plans = new Map<string, string[]>();
    const note = (sql: string, params: unknown[] = []): void => void plans.set(sql, explain(sql, params));
    const database: Database = {
      ...opened.database,
      async read(sql, params) {
        note(sql, params);
        return opened.database.read(sql, params);
      },
      async write(unit) {
        for (const { sql, params } of unit) note(sql, params);
        return opened.database.write(unit);
      },
    };
    return { database, plans };
  }

  it('never scan a table or sort one, for any statement of the hot path', async () => {
    const { database, plans } = explaining();
    const { sessions, backups, history, journal, memos, messages, deliveries } = createSqlStores(database, sqliteDialect);
    await sessions.commit(soleTenure('one'), { credentials: new Uint8Array(1), keys: [{ type: 'session', id: 'a', value: new Uint8Array(1) }, { type: 'session', id: 'b', value: null }] });
    await sessions.readCredentials('one');
    await sessions.readKeys('one', 'session', ['a', 'b']);
    await sessions.commit(soleTenure('one'), {
      journal: [{ hash: 'h1', messageId: 'm1', sender: 'x', stanza: new Uint8Array(1), plaintext: new Uint8Array(1), createdAt: NOW }],
      memos: [{ messageId: 'm1', jid: 'x', type: 'msg', ciphertext: new Uint8Array(1), createdAt: NOW }],
    });
    await journal.findPlaintext('one', ['h1', 'h2']);
    await journal.listUndone('one', 0, 5);
    await journal.markDone(soleTenure('one'), ['h1'], NOW);
    await journal.prune(NOW + 1, 5);
    await memos.find('one', 'm1', ['x', 'y']);
    await memos.prune(NOW + 1, 5);
    const backup = { createdAt: NOW, cause: 'manual', phoneNumber: null, device: 'device', endedAt: NOW } as const;
    await sessions.backUp(soleTenure('one'), { id: 'b1', ...backup });
    await sessions.readBackup('one', 'b1');
    await backups.list('one');
    await backups.find('one', 'b1');
    await backups.remove('one', 'b2');
    await backups.prune(NOW, 5);
    await history.append(soleTenure('one'), { at: NOW, status: 'CONNECTED', reason: 'connected' });
    await history.list('one', { limit: 5 });
    await history.prune(NOW, 5);
    await history.deleteAll('one', 5);
    await sessions.wipe(soleTenure('one'), { id: 'b3', ...backup });
    await sessions.purge(soleTenure('one'));

    await messages.insertOutgoing(outgoing('m1'));
    await messages.recordIncoming(incoming('m2'), [delivery('d1')], { otherChatId: 'y', otherParty: 'z', journaled: ['h1'] });
    for (const to of ['sending', 'sent', 'delivered', 'read', 'played', 'failed', 'cancelled'] as const) await messages.advance({ instanceId: 'one', messageId: 'm1', to, at: NOW }, []);
    await messages.markAttempt(soleTenure('one'), 'm1', 1);
    await messages.find('one', 'm1');
    for (const filter of [{}, { cursor: 9 }, { chatId: 'x' }, { direction: 'in' as const }, { chatId: 'x', direction: 'out' as const, cursor: 9 }]) await messages.list('one', { limit: 5, ...filter });
    await messages.listUnacknowledged('one');

    await deliveries.insert([delivery('d2')]);
    await deliveries.due(NOW, { limit: 5, perWebhook: 5, exclude: ['x'] });
    await deliveries.nextDueAt(NOW);
    await deliveries.settle('d1', { state: 'delivered', attempts: 1, at: NOW });
    await deliveries.bringForward('hook', NOW);
    for (const query of [{}, { state: 'dead' as const }, { from: 1, to: NOW }, { state: 'dead' as const, from: 1, cursor: { createdAt: NOW, seq: 9 } }]) await deliveries.list('hook', { limit: 5, ...query });
    await deliveries.replay('hook', { limit: 5, state: 'dead', from: 1, cursor: { createdAt: NOW - 1, seq: 9 } }, NOW);
    const { replay } = sqliteDialect.deliveries;
    plans.set(replay, explain(replay, ['[1]', 'dead', NOW]));
    await deliveries.replayOne('hook', 'd1', NOW);
    await deliveries.deleteOfWebhook('none', 5);
    await deliveries.deleteAll('none', 5);
    await deliveries.find('hook', 'd1');

    expect(plans.size).toBeGreaterThan(20);
    const bad = [...plans].flatMap(([sql, steps]) => steps.filter(step => isTableScan(step)).map(step => `${step}  <-  ${sql}`));
    expect(bad).toEqual([]);
    const sorted = [...plans].filter(([sql, steps]) => !sql.includes('WITH RECURSIVE') && steps.some(step => step.includes('TEMP B-TREE')));
    expect(sorted.map(([sql]) => sql)).toEqual([]);
  });

  it('list the messages of a chat, and the deliveries in a state, by an index of their own', async () => {
    const { database, plans } = explaining();
    const { messages, deliveries } = createSqlStores(database, sqliteDialect);
    await messages.list('one', { limit: 5, chatId: 'x', cursor: 9 });
    await deliveries.list('hook', { limit: 5, state: 'dead' });
    const [chat, dead] = [...plans.values()];
    expect(chat).toEqual([expect.stringMatching(/USING INDEX \S+ \(instanceId=\? AND chatId=\? AND seq<\?\)/)]);
    expect(dead).toEqual([expect.stringMatching(/USING INDEX \S+ \(webhookId=\? AND state=\? AND createdAt>\? AND createdAt<\?\)/)]);
  });

  it('prune deliveries webhook by webhook, without a look at what is pending or young', async () => {
    const { database, plans } = explaining();
    await createSqlStores(database, sqliteDialect).deliveries.prune(NOW, 5);
    const steps = [...plans.values()].flat();
    expect(steps.filter(step => step.startsWith('SEARCH d '))).toEqual([1, 2].map(() => expect.stringMatching(/USING (COVERING )?INDEX \S+ \(webhookId=\? AND state=\? AND createdAt<\?\)/)));
    expect(steps.filter(step => step.startsWith('SCAN') && !step.startsWith('SCAN w '))).toEqual([]);
  });

  it('take the due deliveries by the index of those that are pending', async () => {
    const { database, plans } = explaining();
    const { deliveries } = createSqlStores(database, sqliteDialect);
    await deliveries.due(NOW, { limit: 5, perWebhook: 5, exclude: [] });
    await deliveries.settle('d1', { state: 'delivered', attempts: 1, at: NOW });
    const used = [...plans.values()].flat().filter(step => /^SEARCH (d|Delivery) USING (COVERING )?INDEX/.test(step) && !step.includes('(id=?)'));
    expect(used.length).toBeGreaterThan(5);
    expect(used.filter(step => !step.includes('Delivery_lane_idx'))).toEqual([]);
  });

  it('count what waits over indexes of that alone', async () => {
    const { database, plans } = explaining();
    await createSqlStores(database, sqliteDialect).stats.work(NOW);
    const steps = [...plans.values()].flat().filter(step => /^(SCAN|SEARCH) /.test(step) && !/CONSTANT ROW/.test(step));
    expect(steps.map(step => /(?:SCAN|SEARCH) \w+(?: USING (?:COVERING )?INDEX \w+)?/.exec(step)?.[0])).toEqual([
      'SCAN Message USING COVERING INDEX Message_queue_idx', 'SCAN Message USING COVERING INDEX Message_sending_idx', 'SCAN Message USING INDEX Message_dead_idx',
      'SCAN Delivery USING COVERING INDEX Delivery_due_idx', 'SEARCH Delivery USING COVERING INDEX Delivery_due_idx',
      expect.stringContaining('SCAN w'), 'SEARCH d USING COVERING INDEX Delivery_webhookId_state_createdAt_idx',
    ]);
  });

  it('list the audit log by the index of what it is asked for, in its order, and prune it by time', async () => {
    const { database, plans } = explaining();
    const { audit } = createSqlStores(database, sqliteDialect);
    await audit.list({ limit: 5 });
    await audit.list({ limit: 5, instanceId: 'one', actorId: 'k', action: 'a', outcome: 'ok', since: 1, until: 9, cursor: { at: 5, seq: 1 }, instances: ['one'] });
    await audit.list({ limit: 5, actorId: 'k' });
    await audit.list({ limit: 5, action: 'a' });
    await audit.prune(NOW, 5);
    const steps = [...plans.values()].map(plan => plan.filter(step => /AuditEntry|TEMP/.test(step)));
    expect(steps).toEqual([
      [expect.stringMatching(/USING INDEX AuditEntry_at_idx \(at>\? AND at<\?\)/)],
      [expect.stringMatching(/USING INDEX AuditEntry_instanceId_at_idx \(instanceId=\? AND at>\? AND at<\?\)/)],
      [expect.stringMatching(/USING INDEX AuditEntry_actorId_at_idx \(actorId=\? AND at>\? AND at<\?\)/)],
      [expect.stringMatching(/USING INDEX AuditEntry_action_at_idx \(action=\? AND at>\? AND at<\?\)/)],
      [expect.stringMatching(/AuditEntry USING INTEGER PRIMARY KEY/), expect.stringMatching(/USING COVERING INDEX AuditEntry_at_idx \(at<\?\)/)],
    ]);
  });

  it('would notice a scan', () => {
    expect(explain('SELECT * FROM Message m WHERE party = ?', ['x']).map(isTableScan)).toEqual([true]);
  });
});

/** Reading a whole table, or a whole index; the first entry of an index (min) shows as SEARCH. */
function isTableScan(step: string): boolean {
  return new RegExp(`^SCAN (${TABLES}|d|m)\\b`).test(step);
}
