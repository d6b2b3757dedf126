import { soleTenure } from '@gateway/domain/instances/tenure.js';
import type { KeyChange, SessionStore } from '@gateway/ports/session-store.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { utf8 } from './support/samples';

export interface OpenSessionStore { store: SessionStore; close(): Promise<void> }

export function describeSessionStoreContract(name: string, open: () => Promise<OpenSessionStore>): void {
  describe(`session store: ${name}`, () => {
    let opened: OpenSessionStore;
    let store: SessionStore;
    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });
    afterEach(() => opened.close());

    const keys = async (ids: string[], instanceId = 'one', type = 'session'): Promise<Record<string, string>> =>
      Object.fromEntries([...(await store.readKeys(instanceId, type, ids))].map(([id, value]) => [id, Buffer.from(value).toString()]));
    const key = (id: string, value: string | null, type = 'session'): KeyChange => ({ type, id, value: value === null ? null : utf8(value) });

    it('has nothing at first', async () => {
      expect(await store.readCredentials('one')).toBeNull();
      expect(await keys(['1', '2'])).toEqual({});
      expect(await store.readKeys('one', 'session', [])).toEqual(new Map());
      expect(await store.listSessions()).toEqual([]);
    });

    it('keeps credentials and keys byte for byte', async () => {
      const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
      await store.commit(soleTenure('one'), { credentials: bytes, keys: [{ type: 'pre-key', id: '7', value: bytes }, { type: 'pre-key', id: '8', value: new Uint8Array(0) }] });
      const read = await store.readKeys('one', 'pre-key', ['7', '8']);
      expect(new Uint8Array(await store.readCredentials('one') ?? [])).toEqual(bytes);
      expect(new Uint8Array(read.get('7') ?? [])).toEqual(bytes);
      expect(read.get('8')?.byteLength).toBe(0);
    });

    it('keeps a view of a pooled Buffer as that view alone, as it was at the call', async () => {
      const pooled = Buffer.from('pooled');
      const committed = store.commit(soleTenure('one'), { credentials: pooled, keys: [{ type: 'session', id: 'a', value: pooled.subarray(1, 3) }] });
      pooled.fill(0);
      await committed;
      expect(Buffer.from(await store.readCredentials('one') ?? []).toString()).toBe('pooled');
      expect(await keys(['a'])).toEqual({ a: 'oo' });
    });

    it('changes, deletes and leaves alone what a commit says', async () => {
      await store.commit(soleTenure('one'), { keys: [key('a', '1'), key('b', '1'), key('c', '1')] });
      await store.commit(soleTenure('one'), { keys: [key('a', '2'), key('b', null), key('never', null)] });
      expect(await keys(['a', 'b', 'c', 'never'])).toEqual({ a: '2', c: '1' });
      expect(await store.readCredentials('one')).toBeNull();
      await store.commit(soleTenure('one'), { keys: [key('b', '3')] });
      expect(await keys(['a', 'b'])).toEqual({ a: '2', b: '3' });
      await store.commit(soleTenure('one'), {});
    });

    it('applies changes of one key within a commit in order', async () => {
      await store.commit(soleTenure('one'), { keys: [key('a', '1'), key('a', null), key('a', '2'), key('b', '1'), key('b', null)] });
      expect(await keys(['a', 'b'])).toEqual({ a: '2' });
    });

    it('tells instances and types apart, whatever is in their names', async () => {
      await store.commit(soleTenure('one'), { keys: [key('a', 'one'), key('a', 'other type', 'sender-key')] });
      await store.commit(soleTenure('two'), { credentials: utf8('creds two'), keys: [key('a', 'two'), key('"], [" \'%é', 'odd')] });
      expect(await keys(['a'])).toEqual({ a: 'one' });
      expect(await keys(['a'], 'one', 'sender-key')).toEqual({ a: 'other type' });
      expect(await keys(['a', '"], [" \'%é'], 'two')).toEqual({ a: 'two', '"], [" \'%é': 'odd' });
      expect(await store.readCredentials('one')).toBeNull();
      expect(await store.listSessions()).toEqual(['two']);
    });

    it('takes a thousand keys at once', async () => {
      const ids = Array.from({ length: 1000 }, (_, index) => String(index));
      await store.commit(soleTenure('one'), { keys: ids.map(id => key(id, `value ${id}`, 'pre-key')) });
      expect((await store.readKeys('one', 'pre-key', ids)).size).toBe(1000);
    });

    it('applies commits that were not waited for in the order of the calls', async () => {
      await Promise.all(Array.from({ length: 200 }, (_, index) => store.commit(soleTenure('one'), { credentials: utf8(`c${index}`), keys: [key('a', index % 7 === 4 ? null : `v${index}`)] })));
      expect(await keys(['a'])).toEqual({ a: 'v199' });
      expect(Buffer.from(await store.readCredentials('one') ?? []).toString()).toBe('c199');
    });

    it('never answers an older value after a newer one was committed, however reads and commits race', async () => {
      for (let round = 1; round <= 60; round++) {
        const before = store.readKeys('one', 'session', ['raced']);
        const commit = store.commit(soleTenure('one'), { keys: [key('raced', round % 5 === 0 ? null : String(round))] });
        const during = store.readKeys('one', 'session', ['raced']);
        await commit;
        const after = await keys(['raced']);
        await Promise.all([before, during]);
        const expected = round % 5 === 0 ? {} : { raced: String(round) };
        expect(after).toEqual(expected);
        expect(await keys(['raced'])).toEqual(expected);
      }
    });

    it('is not touched by what callers do to the bytes they got or gave', async () => {
      const mine = utf8('mine');
      await store.commit(soleTenure('one'), { keys: [{ type: 'session', id: 'a', value: mine }] });
      mine.fill(0);
      (await store.readKeys('one', 'session', ['a'])).get('a')?.fill(1);
      expect(await keys(['a'])).toEqual({ a: 'mine' });
    });

    it('wipes one instance, keys and credentials, and takes it up again', async () => {
      await store.commit(soleTenure('one'), { credentials: utf8('c'), keys: [key('a', '1')] });
      await store.commit(soleTenure('two'), { credentials: utf8('c2'), keys: [key('a', 'two')] });
      await keys(['a']);
      const racing = [store.readKeys('one', 'session', ['a']), store.readCredentials('one')];
      const wiped = store.wipe(soleTenure('one'));
      racing.push(store.readKeys('one', 'session', ['a']));
      const again = store.commit(soleTenure('one'), { keys: [key('b', 'after')] });
      await Promise.all([wiped, again, ...racing]);
      expect(await keys(['a', 'b'])).toEqual({ b: 'after' });
      expect(await store.readCredentials('one')).toBeNull();
      expect(await store.listSessions()).toEqual(['two']);
      expect(await keys(['a'], 'two')).toEqual({ a: 'two' });
      await store.wipe(soleTenure('never there'));
    });
  });
}
