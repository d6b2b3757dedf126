import { soleTenure } from '@gateway/domain/instances/tenure.js';
import type { CiphertextMemos, NewCiphertextMemo, NewJournalEntry, ReceiveJournal } from '@gateway/ports/journal.js';
import type { MessageStore } from '@gateway/ports/message-store.js';
import type { SessionStore } from '@gateway/ports/session-store.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { incoming, NOW, outgoing, utf8 } from './support/samples';

export interface OpenJournal { sessions: SessionStore; journal: ReceiveJournal; memos: CiphertextMemos; messages: MessageStore; close(): Promise<void> }

const entry = (hash: string, change: Partial<NewJournalEntry> = {}): NewJournalEntry => ({
  hash, messageId: `m-${hash}`, sender: '15550002222@s.whatsapp.net', stanza: utf8(`stanza ${hash}`), plaintext: utf8(`plain ${hash}`), createdAt: NOW, ...change,
});
const memo = (messageId: string, jid: string, change: Partial<NewCiphertextMemo> = {}): NewCiphertextMemo => ({
  messageId, jid, type: 'msg', ciphertext: utf8(`sealed for ${jid}`), createdAt: NOW, ...change,
});

export function describeJournalContract(name: string, open: () => Promise<OpenJournal>): void {
  describe(`journal of what was received: ${name}`, () => {
    let opened: OpenJournal;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.close());

    const write = (entries: NewJournalEntry[], instanceId = 'one') => opened.sessions.commit(soleTenure(instanceId), { journal: entries });
    const undone = async (instanceId = 'one', after = 0, limit = 100) => (await opened.journal.listUndone(instanceId, after, limit)).map(({ hash }) => hash);
    const plaintext = async (hash: string, instanceId = 'one') => {
      const found = await opened.journal.findPlaintext(instanceId, ['another', hash]);
      return found && Buffer.from(found.plaintext).toString();
    };

    it('keeps what came with a step of the ratchet, in the order of arrival', async () => {
      await opened.sessions.commit(soleTenure('one'), { keys: [{ type: 'session', id: 'a', value: utf8('stepped') }], journal: [entry('h1')] });
      await write([entry('h2'), entry('h3')]);
      await write([entry('other')], 'two');
      expect(await undone()).toEqual(['h1', 'h2', 'h3']);
      const [first] = await opened.journal.listUndone('one', 0, 1);
      expect(first).toMatchObject({ hash: 'h1', messageId: 'm-h1' });
      expect(Buffer.from(first?.stanza ?? []).toString()).toBe('stanza h1');
      expect(await undone('one', first?.seq)).toEqual(['h2', 'h3']);
      expect(await undone('one', 0, 2)).toEqual(['h1', 'h2']);
      expect(await plaintext('h2')).toBe('plain h2');
      expect(await plaintext('other')).toBeNull();
      expect((await opened.journal.findPlaintext('one', ['h3', 'none']))?.hash).toBe('h3');
    });

    it('leaves an entry alone that is there already', async () => {
      await write([entry('h1')]);
      await write([entry('h1', { plaintext: utf8('changed'), stanza: utf8('changed') })]);
      expect(await plaintext('h1')).toBe('plain h1');
      await opened.journal.markDone(soleTenure('one'), ['h1'], NOW);
      await write([entry('h1')]);
      expect(await undone()).toEqual([]);
    });

    it('keeps the plaintext of what is done, for redeliveries', async () => {
      await write([entry('h1'), entry('h2')]);
      await write([entry('h1')], 'two');
      await opened.journal.markDone(soleTenure('one'), ['h1', 'unknown'], NOW);
      await opened.journal.markDone(soleTenure('one'), [], NOW);
      expect(await undone()).toEqual(['h2']);
      expect(await undone('two')).toEqual(['h1']);
      expect(await plaintext('h1')).toBe('plain h1');
    });

    it('is done together with the message that it became, also when that is there already', async () => {
      await write([entry('h1'), entry('h2'), entry('h3')]);
      expect(await opened.messages.recordIncoming(incoming('m1'), [], { journaled: ['h1'] })).toBe(true);
      expect(await undone()).toEqual(['h2', 'h3']);
      expect(await opened.messages.recordIncoming(incoming('m1'), [], { journaled: ['h2'] })).toBe(false);
      expect(await undone()).toEqual(['h3']);
    });

    it('prunes what was done long ago, the oldest first, and nothing that is undone', async () => {
      await write(Array.from({ length: 10 }, (_, index) => entry(`h${index}`, { createdAt: NOW + index })));
      await write([entry('late', { createdAt: NOW + 5_000 })], 'two');
      await opened.journal.markDone(soleTenure('one'), ['h3', 'h4', 'h5', 'h6'], NOW + 100);
      await opened.journal.markDone(soleTenure('one'), ['h8'], NOW + 3_000);
      expect(await opened.journal.prune(NOW + 100, 2)).toBe(0);
      expect(await opened.journal.prune(NOW + 101, 2)).toBe(1);
      expect([await plaintext('h3'), await plaintext('h4')]).toEqual([null, 'plain h4']);
      let removed = 1;
      for (let batch = 1; batch > 0; removed += batch) batch = await opened.journal.prune(NOW + 101, 2);
      expect(removed).toBe(4);
      expect(await undone()).toEqual(['h0', 'h1', 'h2', 'h7', 'h9']);
      expect(await plaintext('h8')).toBe('plain h8');
    });

    it('outlives a wipe of the session, and goes with a purge', async () => {
      const many = Array.from({ length: 1_200 }, (_, index) => entry(`n${index}`));
      await opened.sessions.commit(soleTenure('one'), { credentials: utf8('c'), keys: [{ type: 'session', id: 'a', value: utf8('k') }], journal: many, memos: [memo('m1', 'x')] });
      await opened.sessions.commit(soleTenure('two'), { credentials: utf8('c'), journal: [entry('kept')], memos: [memo('m1', 'x')] });
      await opened.sessions.wipe(soleTenure('one'));
      expect(await undone('one', 0, 2_000)).toHaveLength(1_200);
      expect(await opened.memos.find('one', 'm1', ['x'])).toBeNull();
      await opened.sessions.purge(soleTenure('one'));
      expect(await undone()).toEqual([]);
      expect(await plaintext('n0')).toBeNull();
      expect(await undone('two')).toEqual(['kept']);
      expect(await opened.memos.find('two', 'm1', ['x'])).not.toBeNull();
      expect(await opened.sessions.listSessions()).toEqual(['two']);
      await opened.sessions.purge(soleTenure('never there'));
    });
  });

  describe(`ciphertext memos: ${name}`, () => {
    let opened: OpenJournal;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.close());

    it('keep what a message was encrypted to, for each device', async () => {
      await opened.sessions.commit(soleTenure('one'), { memos: [memo('m1', 'a'), memo('m1', 'b', { type: 'pkmsg' }), memo('m2', 'a')] });
      expect(await opened.memos.find('one', 'm1', ['b'])).toEqual({ type: 'pkmsg', ciphertext: expect.anything() as unknown });
      expect(Buffer.from((await opened.memos.find('one', 'm1', ['unknown', 'a']))?.ciphertext ?? []).toString()).toBe('sealed for a');
      expect(await opened.memos.find('one', 'm1', ['c'])).toBeNull();
      expect(await opened.memos.find('two', 'm1', ['a'])).toBeNull();
      await opened.sessions.commit(soleTenure('one'), { memos: [memo('m1', 'a', { ciphertext: utf8('newer') })] });
      expect(Buffer.from((await opened.memos.find('one', 'm1', ['a']))?.ciphertext ?? []).toString()).toBe('newer');
    });

    it('are gone with WhatsApp\'s acknowledgement', async () => {
      await opened.messages.insertOutgoing(outgoing('m1', { state: 'sending' }));
      await opened.sessions.commit(soleTenure('one'), { memos: [memo('m1', 'a'), memo('m2', 'a')] });
      await opened.messages.advance({ instanceId: 'one', messageId: 'm1', to: 'sent', at: NOW }, []);
      expect(await opened.memos.find('one', 'm1', ['a'])).toBeNull();
      expect(await opened.memos.find('one', 'm2', ['a'])).not.toBeNull();
    });

    it('are pruned when their message is over, the oldest first', async () => {
      await opened.messages.insertOutgoing(outgoing('sending', { state: 'sending' }));
      await opened.messages.insertOutgoing(outgoing('queued', { state: 'queued' }));
      await opened.messages.insertOutgoing(outgoing('failed', { state: 'failed' }));
      const ids = ['sending', 'queued', 'failed', 'unknown'];
      await opened.sessions.commit(soleTenure('one'), { memos: ids.flatMap(id => [memo(id, 'a'), memo(id, 'b', { createdAt: NOW + 9 })]) });
      expect(await opened.memos.prune(NOW + 9, 10)).toBe(2);
      expect(await opened.memos.prune(NOW + 10, 1)).toBe(1);
      expect(await opened.memos.prune(NOW + 10, 10)).toBe(1);
      const left = await Promise.all(ids.map(async id => (await opened.memos.find('one', id, ['a', 'b'])) !== null));
      expect(left).toEqual([true, true, false, false]);
    });
  });
}
