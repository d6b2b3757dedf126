import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { soleTenure } from '@gateway/domain/instances/tenure.js';
import { MESSAGE_STATES } from '@gateway/domain/messages/message.js';
import type { MediaStash } from '@gateway/ports/media-stash.js';
import type { MessageStore, Outbox } from '@gateway/ports/message-store.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { incoming, NOW, outgoing, utf8 } from './support/samples';
import { makeTempDir } from './support/temp-dir';

export interface OpenOutbox {
  messages: MessageStore;
  outbox: Outbox;
  stash: MediaStash;
  close(): Promise<void>;
}

export function describeOutboxContract(name: string, open: () => Promise<OpenOutbox>): void {
  describe(`outbox: ${name}`, () => {
    let opened: OpenOutbox;
    let messages: MessageStore;
    let outbox: Outbox;
    beforeEach(async () => {
      opened = await open();
      ({ messages, outbox } = opened);
    });
    afterEach(() => opened.close());

    const queued = (id: string, change: Parameters<typeof outgoing>[1] = {}) =>
      messages.insertOutgoing(outgoing(id, { dueAt: NOW, expiresAt: NOW + 1000, proto: null, request: '{"type":"text"}', ...change }));
    const ids = (rows: { messageId: string }[]) => rows.map(({ messageId }) => messageId);
    const begin = (messageId: string, attempts = 1) =>
      outbox.begin({ instanceId: 'one', messageId, party: 'jid', chatId: 'chat', proto: utf8('wire'), timestamp: NOW + 5, attempts, epoch: 0 });

    it('keeps the order of due times, then of acceptance, also of what is being sent', async () => {
      await queued('later', { dueAt: NOW + 50 });
      await queued('first');
      await queued('second');
      await queued('elsewhere', { instanceId: 'two' });
      await messages.insertOutgoing(outgoing('synchronous', { state: 'sending' }));
      expect(ids(await outbox.next('one', 10))).toEqual(['first', 'second', 'later']);
      expect(ids(await outbox.next('one', 2))).toEqual(['first', 'second']);
      expect(await begin('second')).toBe(true);
      expect(ids(await outbox.next('one', 10))).toEqual(['first', 'second', 'later']);
      expect(ids(await outbox.next('one', 1))).toEqual(['first']);
      expect(await outbox.queued('one', { by: NOW, limit: 10 })).toEqual([{ messageId: 'first', dueAt: NOW }]);
      expect((await outbox.instancesWithQueue()).sort()).toEqual(['one', 'two']);
      expect(await outbox.counts('one')).toEqual({ queued: 2, sending: 2, deadLetters: 0 });
      expect(ids(await messages.listUnacknowledged('one'))).toEqual(['synchronous']);
      expect(ids(await messages.listUnfinished('one', 10)).sort()).toEqual(['first', 'later', 'second', 'synchronous']);
    });

    it('takes up what is queued or was being sent, and nothing else, with what goes over the wire', async () => {
      for (const state of MESSAGE_STATES) {
        await queued(state, { state });
        expect(await begin(state), state).toBe(state === 'queued' || state === 'sending');
      }
      const taken = await messages.find('one', 'queued');
      expect(taken).toMatchObject({ state: 'sending', party: 'jid', chatId: 'chat', timestamp: NOW + 5, attempts: 1, request: null });
      expect(taken?.proto && Buffer.from(taken.proto).toString()).toBe('wire');
      await outbox.putBack(soleTenure('one'), 'queued', 2);
      expect(await messages.find('one', 'queued')).toMatchObject({ state: 'queued', attempts: 2, dueAt: NOW });
      await outbox.putBack(soleTenure('one'), 'sent', 2);
      expect((await messages.find('one', 'sent'))?.state).toBe('sent');
    });

    it('cancels what was never written', async () => {
      await queued('waiting');
      await queued('tried');
      await begin('tried');
      expect(await outbox.cancel('one', 'tried')).toBe(false);
      await outbox.putBack(soleTenure('one'), 'tried', 1);
      expect(await outbox.cancel('one', 'tried')).toBe(false);
      expect(await outbox.cancel('one', 'waiting')).toBe(true);
      expect(await outbox.cancel('one', 'waiting')).toBe(false);
      expect(await outbox.cancel('one', 'missing')).toBe(false);
      // A dead letter that was written before it failed may have arrived.
      await queued('dead', { proto: utf8('wire') });
      await messages.advance({ instanceId: 'one', messageId: 'dead', to: 'failed', at: NOW, failure: { code: 'whatsapp_ack_timeout', message: 'No word.' } }, []);
      await outbox.requeue('one', 'dead', { dueAt: NOW, expiresAt: NOW + 1 });
      expect(await outbox.cancel('one', 'dead')).toBe(false);
      expect(await begin('waiting')).toBe(false);
      expect(await messages.find('one', 'waiting')).toMatchObject({ state: 'cancelled', request: null });
    });

    it('lists dead letters, queues them again with fresh attempts, and discards them', async () => {
      for (const id of ['a', 'b', 'c']) {
        await queued(id);
        await messages.advance({ instanceId: 'one', messageId: id, to: 'failed', at: NOW + 1, failure: { code: 'expired', message: 'Too late.' } }, []);
      }
      await messages.recordIncoming(incoming('in'), []);
      const page = await outbox.deadLetters('one', { limit: 2 });
      expect(ids(page.messages)).toEqual(['c', 'b']);
      expect(ids((await outbox.deadLetters('one', { limit: 2, cursor: page.next ?? 0 })).messages)).toEqual(['a']);
      expect(await outbox.requeue('one', 'b', { dueAt: NOW + 9, expiresAt: NOW + 99 })).toBe(true);
      expect(await outbox.requeue('one', 'b', { dueAt: NOW + 9, expiresAt: NOW + 99 })).toBe(false);
      expect(await messages.find('one', 'b')).toMatchObject({ state: 'queued', attempts: 0, retries: 1, failure: null, failedAt: null, dueAt: NOW + 9, expiresAt: NOW + 99, request: '{"type":"text"}' });
      expect(await outbox.discard('one', 'c', NOW + 3)).toBe(true);
      expect(await outbox.discard('one', 'c', NOW + 3)).toBe(false);
      expect(await outbox.requeue('one', 'c', { dueAt: NOW, expiresAt: NOW })).toBe(false);
      expect(ids((await outbox.deadLetters('one', { limit: 10 })).messages)).toEqual(['a']);
      expect(await outbox.counts('one')).toEqual({ queued: 1, sending: 0, deadLetters: 1 });
    });

    it('finds what has expired, whoever it belongs to', async () => {
      await queued('over');
      await queued('not yet', { expiresAt: NOW + 5000 });
      await queued('elsewhere', { instanceId: 'two' });
      await queued('under way', { state: 'sending' });
      await queued('sent', { state: 'sent' });
      expect(ids(await outbox.expired(NOW + 999, 10))).toEqual([]);
      expect(ids(await outbox.expired(NOW + 1000, 10)).sort()).toEqual(['elsewhere', 'over', 'under way']);
    });

    it('binds a key to one message for a time, also when many come at once', async () => {
      const keyed = (id: string, since = NOW - 10, change: Parameters<typeof outgoing>[1] = {}) =>
        messages.insertOutgoing(outgoing(id, { idempotency: { key: 'k', requestHash: `hash of ${id}` }, ...change }), { keysSince: since });
      const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => keyed(`m${index}`)));
      expect(answers.filter(answer => answer === null)).toHaveLength(1);
      expect(answers[0]).toBeNull();
      expect(answers[5]).toMatchObject({ messageId: 'm0', idempotency: { key: 'k', requestHash: 'hash of m0' } });
      expect(await messages.find('one', 'm5')).toBeNull();
      expect(await messages.findByKey('one', 'k', NOW - 10)).toMatchObject({ messageId: 'm0' });
      expect(await messages.findByKey('one', 'k', NOW)).toBeNull();
      expect(await keyed('other instance', NOW - 10, { instanceId: 'two' })).toBeNull();
      // The window is over: the key is free, and the first message stays.
      expect(await keyed('next day', NOW)).toBeNull();
      expect(await messages.find('one', 'm0')).toMatchObject({ idempotency: null });
      expect(await messages.findByKey('one', 'k', 0)).toMatchObject({ messageId: 'next day' });
    });

    it('prunes what is old and over, and leaves what is on its way', async () => {
      for (const [index, state] of MESSAGE_STATES.entries()) await queued(state, { state, createdAt: NOW + index });
      await messages.recordIncoming(incoming('in', { createdAt: NOW }), []);
      await queued('young', { state: 'sent', createdAt: NOW + 100 });
      const removed = [];
      for (let count = 1; count > 0;) removed.push(count = await messages.prune(NOW + 50, 3));
      expect(removed.reduce((sum, count) => sum + count, 0)).toBe(7);
      expect(Math.max(...removed)).toBeLessThanOrEqual(3);
      expect(ids((await messages.list('one', { limit: 50 })).messages)).toEqual(['young', 'sending', 'queued']);
    });

    it('keeps what was scheduled far ahead from its due time on', async () => {
      await queued('scheduled', { state: 'sent', dueAt: NOW + 100 });
      await queued('at once', { state: 'sent', dueAt: NOW });
      expect([await messages.prune(NOW + 50, 5), await messages.prune(NOW + 50, 5)]).toEqual([1, 0]);
      expect(ids((await messages.list('one', { limit: 50 })).messages)).toEqual(['scheduled']);
      expect(await messages.prune(NOW + 101, 5)).toBe(1);
    });

    it('names what is being sent before what only waits, however many those are', async () => {
      await queued('scheduled', { dueAt: NOW + 3_600_000 });
      await queued('waits');
      await queued('under way', { state: 'sending', createdAt: NOW + 10 });
      expect(ids(await messages.listUnfinished('one', 2))).toEqual(['under way', 'scheduled']);
    });

    it('keeps media in order, until the message is sent, cancelled or gone', async () => {
      const dir = await makeTempDir();
      const bytes = Buffer.alloc(2_500_000, 'abcdefg');
      const path = join(dir.path, 'media');
      await writeFile(path, bytes);
      const read = async (id: string): Promise<Buffer> => {
        const parts: Uint8Array[] = [];
        for await (const part of opened.stash.read('one', id)) parts.push(part);
        return Buffer.concat(parts);
      };
      for (const id of ['sent', 'cancelled', 'waiting', 'orphan']) await opened.stash.put('one', id, { path }, NOW);
      await dir.remove();
      for (const id of ['sent', 'cancelled', 'waiting']) await queued(id);
      expect((await read('sent')).equals(bytes)).toBe(true);
      expect(await read('missing')).toHaveLength(0);
      await begin('sent');
      await outbox.cancel('one', 'cancelled');
      expect(await read('sent')).toHaveLength(0);
      expect(await read('cancelled')).toHaveLength(0);
      let pruned = 0;
      for (let count = 1; count > 0; pruned += count) count = await opened.stash.prune(NOW + 1, 2);
      expect(pruned).toBe(3);
      expect(await read('orphan')).toHaveLength(0);
      expect((await read('waiting')).equals(bytes)).toBe(true);

      for (let count = 1; count > 0;) count = await messages.deleteAll('one', 2);
      expect(await read('waiting')).toHaveLength(0);
      expect((await messages.list('one', { limit: 50 })).messages).toEqual([]);
    });
  });
}
