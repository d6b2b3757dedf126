import { createCachedSessionStore } from '@gateway/adapters/memory/cached-session-store.js';
import { soleTenure } from '@gateway/domain/instances/tenure.js';
import type { SessionStore } from '@gateway/ports/session-store.js';
import { describe, expect, it } from 'vitest';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A store whose reads wait at a gate after they looked, so that a test decides what overtakes what. */
function gatedStore(values: Map<string, Uint8Array>) {
  const reads: string[][] = [];
  const gates: (() => void)[] = [];
  let failing = false;
  const store: SessionStore = {
    readCredentials: async () => null,
    async readKeys(_instanceId, _type, ids) {
      reads.push(ids);
      const seen = new Map(ids.flatMap(id => (values.has(id) ? [[id, values.get(id)!] as const] : [])));
      await new Promise<void>(resolve => gates.push(resolve));
      return seen;
    },
    async commit(_tenure, { keys = [] }) {
      await Promise.resolve();
      if (failing) throw new Error('disk full');
      for (const { id, value } of keys) if (value) values.set(id, value); else values.delete(id);
    },
    async wipe() {
      values.clear();
    },
    async replace() {
      values.clear();
    },
    backUp: async () => false,
    readBackup: async () => null,
    async purge() {
      values.clear();
    },
    listSessions: async () => [],
  };
  return { store, reads, release: () => gates.splice(0).forEach(open => open()), fail: (on: boolean) => (failing = on) };
}

describe('session cache', () => {
  const setUp = (initial: Record<string, string> = {}) => {
    const gated = gatedStore(new Map(Object.entries(initial).map(([id, text]) => [id, bytes(text)])));
    const cache = createCachedSessionStore(gated.store);
    const start = (...ids: string[]) => cache.readKeys('one', 'session', ids);
    const read = async (id: string): Promise<string | null> => {
      const pending = start(id);
      gated.release();
      const value = (await pending).get(id);
      return value ? Buffer.from(value).toString() : null;
    };
    const put = (id: string, text: string | null) => cache.commit(soleTenure('one'), { keys: [{ type: 'session', id, value: text === null ? null : bytes(text) }] });
    return { ...gated, cache, start, read, put };
  };

  it('asks once for what is there and for what is not', async () => {
    const { read, reads } = setUp({ a: '1' });
    expect([await read('a'), await read('a'), await read('b'), await read('b')]).toEqual(['1', '1', null, null]);
    expect(reads).toEqual([['a'], ['b']]);
  });

  it('knows what was written without asking', async () => {
    const { read, put, reads } = setUp({ a: '1' });
    await put('a', '2');
    await put('b', null);
    expect([await read('a'), await read('b')]).toEqual(['2', null]);
    expect(reads).toEqual([]);
  });

  it('never keeps what an overtaken read brings', async () => {
    const { read, put, start, release } = setUp({ a: 'old' });
    const overtaken = start('a');
    await put('a', 'new');
    release();
    await overtaken;
    expect(await read('a')).toBe('new');

    const again = start('b');
    const writing = put('b', 'new');
    const during = start('b');
    release();
    await Promise.all([again, writing, during]);
    expect(await read('b')).toBe('new');
  });

  it('never keeps what a read brings from before a wipe', async () => {
    const { read, cache, start, release } = setUp({ a: 'old' });
    const before = start('a');
    const wiping = cache.wipe(soleTenure('one'));
    const during = start('a');
    await wiping;
    release();
    await Promise.all([before, during]);
    expect(await read('a')).toBeNull();
  });

  it('asks again after a write that failed', async () => {
    const { read, put, reads, fail } = setUp({ a: '1' });
    await read('a');
    fail(true);
    await expect(put('a', '2')).rejects.toThrow('disk full');
    expect(await read('a')).toBe('1');
    expect(reads).toEqual([['a'], ['a']]);
  });
});
