import { createPool } from '@gateway/adapters/postgres/pool.js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { delivery, incoming, NOW, outgoing, utf8 } from '../contracts/support/samples';
import { startPostgres, type TestPostgres } from '../support/postgres-server';
import { until } from '../support/until';
import { migratedDatabases } from './support/migrated-databases';
import { openPostgresStores, type OpenPostgresStores } from './support/postgres-stores';

let postgres: TestPostgres;
let makeDatabase: () => Promise<string>;
let opened: OpenPostgresStores;
beforeAll(async () => {
  postgres = await startPostgres();
  makeDatabase = await migratedDatabases(postgres);
});
afterAll(() => postgres?.remove());
beforeEach(async () => {
  opened = await openPostgresStores(postgres, await makeDatabase());
  await opened.own(['one'], { epoch: 7 });
});
afterEach(() => opened.close());

const tenure = { instanceId: 'one', epoch: 7 };
const unowned = { name: 'DomainError', code: 'instance_unowned' };
const key = (id: string, text: string) => ({ type: 'session', id, value: utf8(text) });
const readKey = async (id: string): Promise<string | null> => {
  const value = (await opened.sessions.readKeys('one', 'session', [id])).get(id);
  return value ? Buffer.from(value).toString() : null;
};
/** How many connections wait for a lock. */
const waiting = async (): Promise<number> =>
  Number((await opened.query("SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"))[0]?.n);

/** Another's transaction that has done this, until it is ended. */
async function holding(sql: string): Promise<{ end(how: 'COMMIT' | 'ROLLBACK'): Promise<void> }> {
  const pool = createPool({ url: opened.url, maxConnections: 1 });
  const client = await pool.connect();
  await client.query('BEGIN READ WRITE');
  await client.query(sql);
  return {
    async end(how) {
      await client.query(how);
      client.release();
      await pool.end();
    },
  };
}

describe('a tenure', () => {
  it('that is over writes nothing', async () => {
    const { sessions, messages, outbox } = opened;
    await sessions.commit(tenure, { credentials: utf8('c'), keys: [key('a', 'mine')], journal: [{ hash: 'before', messageId: 'b', sender: 's', stanza: utf8('s'), plaintext: utf8('p'), createdAt: NOW }] });
    await messages.insertOutgoing(outgoing('sending', { state: 'sending' }));
    await messages.insertOutgoing(outgoing('queued', { dueAt: NOW, proto: null, request: '{}' }));
    await opened.takeOver('one');
    const late = (id: string) => ({ id, createdAt: NOW, cause: 'manual', phoneNumber: null, device: 'd', endedAt: null }) as const;
    const calls = [
      sessions.commit(tenure, { credentials: utf8('late'), keys: [key('a', 'late')], journal: [{ hash: 'h', messageId: 'm', sender: 's', stanza: utf8('s'), plaintext: utf8('p'), createdAt: NOW }] }),
      sessions.wipe(tenure, late('wiped')),
      sessions.replace(tenure, utf8('late'), late('replaced')),
      sessions.backUp(tenure, late('asked for')),
      opened.history.append(tenure, { at: NOW, status: 'CONNECTED', reason: 'connected' }),
      sessions.purge(tenure),
      messages.insertOutgoing(outgoing('late'), { epoch: 7 }),
      messages.recordIncoming(incoming('late in'), [], { epoch: 7 }),
      messages.markAttempt(tenure, 'sending', 9),
      messages.advance({ instanceId: 'one', messageId: 'sending', to: 'failed', at: NOW, epoch: 7 }, [delivery('d1')]),
      outbox.begin({ instanceId: 'one', messageId: 'queued', party: 'p', chatId: 'c', proto: utf8('x'), timestamp: NOW, attempts: 1, epoch: 7 }),
      outbox.putBack(tenure, 'sending', 9),
      opened.journal.markDone(tenure, ['before'], NOW),
    ];
    for (const end of await Promise.allSettled(calls)) expect(end).toMatchObject({ status: 'rejected', reason: unowned });
    expect(await readKey('a')).toBe('mine');
    expect(Buffer.from(await sessions.readCredentials('one') ?? []).toString()).toBe('c');
    expect(await opened.journal.listUndone('one', 0, 9)).toMatchObject([{ hash: 'before' }]);
    expect(await opened.backups.list('one')).toEqual([]);
    expect((await opened.history.list('one', { limit: 9 })).records).toEqual([]);
    expect((await messages.list('one', { limit: 9 })).messages).toMatchObject([{ messageId: 'queued', state: 'queued' }, { messageId: 'sending', state: 'sending', attempts: 0 }]);
    await sessions.commit({ instanceId: 'one', epoch: 8 }, { keys: [key('a', 'theirs')] });
    expect(await readKey('a')).toBe('theirs');
  });

  it('does not reach what anybody may write, not even in the same transaction', async () => {
    await opened.takeOver('one');
    const ends = await Promise.allSettled([
      opened.messages.insertOutgoing(outgoing('m1')),
      opened.sessions.commit(tenure, { keys: [key('a', 'late')] }),
      opened.messages.insertOutgoing(outgoing('m2')),
      opened.sessions.commit({ instanceId: 'one', epoch: 8 }, { keys: [key('b', 'new')] }),
    ]);
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect((await opened.messages.list('one', { limit: 9 })).messages.map(({ messageId }) => messageId)).toEqual(['m2', 'm1']);
    expect([await readKey('a'), await readKey('b')]).toEqual([null, 'new']);
  });

  it('whose commit is under way holds the takeover up; the new owner sees what was committed', async () => {
    await opened.sessions.commit(tenure, { keys: [key('a', '1')] });
    const blocker = await holding(`SELECT 1 FROM "SignalKey" FOR UPDATE`);
    const ends: string[] = [];
    const commit = opened.sessions.commit(tenure, { keys: [key('a', '2')] }).then(() => ends.push('commit'));
    await until('the commit waits', async () => await waiting() === 1);
    const takeover = opened.takeOver('one').then(() => ends.push('takeover'));
    await until('the takeover waits', async () => await waiting() === 2);
    // A renewal does not wait.
    await opened.query('UPDATE "Lease" SET "expiresAt" = 5');
    expect(ends).toEqual([]);
    await blocker.end('ROLLBACK');
    await takeover;
    expect(await readKey('a')).toBe('2');
    await commit;
    await expect(opened.sessions.commit(tenure, { keys: [key('a', '3')] })).rejects.toMatchObject(unowned);
    expect(await readKey('a')).toBe('2');
  });

  it.each([['COMMIT', '1'], ['ROLLBACK', '2']] as const)('waits for a takeover that has begun, and goes by its end (%s)', async (how, value) => {
    await opened.sessions.commit(tenure, { keys: [key('a', '1')] });
    const takeover = await holding('UPDATE "Lease" SET epoch = epoch + 1');
    const commit = opened.sessions.commit(tenure, { keys: [key('a', '2')] }).then(() => 'committed', (error: { code: string }) => error.code);
    await until('the commit waits', async () => await waiting() === 1);
    await takeover.end(how);
    expect(await commit).toBe(how === 'COMMIT' ? 'instance_unowned' : 'committed');
    expect(await readKey('a')).toBe(value);
  });

  it('is not held up by a renewal that has begun', async () => {
    const renewal = await holding('UPDATE "Lease" SET "expiresAt" = 5');
    await opened.sessions.commit(tenure, { keys: [key('a', '1')] });
    await renewal.end('COMMIT');
    expect(await readKey('a')).toBe('1');
  });

  it('of a process that sleeps in the middle of a commit is over when its time is', async () => {
    const pool = createPool({ url: opened.url, maxConnections: 1 });
    const sleeper = await pool.connect();
    await sleeper.query('BEGIN READ WRITE; SELECT 1 FROM "Lease" WHERE epoch = 7 FOR KEY SHARE');
    await sleeper.query(`INSERT INTO "SignalKey" VALUES ('one', 'session', 'a', '')`);
    const started = performance.now();
    await opened.takeOver('one');
    expect(performance.now() - started).toBeLessThan(7_000);
    await expect(sleeper.query('COMMIT')).rejects.toThrow();
    expect(await readKey('a')).toBeNull();
    sleeper.release(true);
    await pool.end();
  });

  it('may be of an instance with any name', async () => {
    const odd = `o'dd\\" $1 ; -- %`;
    await opened.own([odd], { epoch: 3 });
    await opened.sessions.commit({ instanceId: odd, epoch: 3 }, { keys: [key('a', '1')] });
    await expect(opened.sessions.commit({ instanceId: `${odd}\0`, epoch: 3 }, { keys: [key('a', '2')] })).rejects.toMatchObject(unowned);
    expect((await opened.sessions.readKeys(odd, 'session', ['a'])).size).toBe(1);
  });
});

describe('what is the owner\'s to do', () => {
  it('is told to the owner alone', async () => {
    await opened.own(['mine']);
    await opened.own(['theirs'], { nodeId: 'other' });
    await opened.query(`INSERT INTO "Instance" SELECT 'nobodys', name, NULL, NULL, status, reason, NULL, NULL, NULL, NULL, active, settings, 0, 0, NULL FROM "Instance" LIMIT 1`);
    for (const [index, instanceId] of ['mine', 'theirs', 'nobodys'].entries()) {
      await opened.query(`INSERT INTO "Webhook" (id, "instanceId", url, events, secret, headers, enabled, "createdAt", "updatedAt") VALUES ($1, $2, '', '[]', '', '{}', true, 0, 0)`, [`hook ${instanceId}`, instanceId]);
      await opened.deliveries.insert([
        delivery(`d1 ${instanceId}`, { webhookId: `hook ${instanceId}`, instanceId, createdAt: NOW }),
        delivery(`d2 ${instanceId}`, { webhookId: `hook ${instanceId}`, instanceId, lane: 'later', createdAt: NOW + 10 * (3 - index) }),
      ]);
      await opened.messages.insertOutgoing(outgoing('queued', { instanceId, dueAt: NOW, expiresAt: NOW }));
      await opened.messages.insertOutgoing(outgoing('under way', { instanceId, state: 'sending', dueAt: NOW, expiresAt: NOW }));
    }
    for (const [stores, own, dueAt] of [[opened, 'mine', NOW + 30], [opened.another('other'), 'theirs', NOW + 20]] as const) {
      expect((await stores.deliveries.due(NOW, { limit: 9, perWebhook: 9, exclude: [] })).map(({ id }) => id)).toEqual([`d1 ${own}`]);
      expect(await stores.deliveries.nextDueAt(NOW)).toBe(dueAt);
      expect(await stores.outbox.instancesWithQueue()).toEqual([own]);
      expect((await stores.outbox.expired(NOW, 9)).map(({ instanceId, messageId }) => [instanceId, messageId])).toEqual([[own, 'queued'], [own, 'under way']]);
    }
    const stranger = opened.another('nobody');
    expect([await stranger.deliveries.due(NOW, { limit: 9, perWebhook: 9, exclude: [] }), await stranger.deliveries.nextDueAt(0), await stranger.outbox.instancesWithQueue(), await stranger.outbox.expired(NOW, 9)]).toEqual([[], null, [], []]);
  });
});
