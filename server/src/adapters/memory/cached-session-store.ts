import { LRUCache } from 'lru-cache';
import type { SessionChanges, SessionStore } from '../../ports/session-store.js';

export interface CachedSessionStoreOptions {
  /** Bytes of memory at most, roughly. */
  maxBytes?: number;
}

export interface CachedSessionStore extends SessionStore {
  /** Nothing is kept of an instance any more. To be called when a tenure begins: another process may have written since the last one. */
  forget(instanceId: string): void;
}

/** A cached answer of the store; `value: null` says that there is none. */
interface Entry { value: Uint8Array | null }

const ENTRY_OVERHEAD = 200;

/**
 * A read cache in front of a session store: writes go through, and are cached once they are durable. It never answers what
 * is older than the store's own answer could be: while a key is being written it is read from the store, and what a read
 * brings is only kept if no write of that key began in the meantime. It must be the only writer of an instance between two calls of `forget`.
 */
export function createCachedSessionStore(store: SessionStore, { maxBytes = 64 * 1024 * 1024 }: CachedSessionStoreOptions = {}): CachedSessionStore {
  const cache = new LRUCache<string, Entry>({
    maxSize: maxBytes,
    sizeCalculation: (entry, key) => (entry.value?.byteLength ?? 0) + 2 * key.length + ENTRY_OVERHEAD,
  });
  /** How many writes of a key are under way. */
  const writers = new Map<string, number>();
  /** The read that may fill a key: the newest one since its last write began. */
  const fillers = new Map<string, symbol>();
  /** Part of every cached name, so that a wipe makes all entries of its instance unreachable at once. No number is given twice. */
  const generations = new Map<string, number>();
  let lastGeneration = 0;

  function generationOf(instanceId: string): number {
    const known = generations.get(instanceId);
    if (known !== undefined) return known;
    lastGeneration += 1;
    generations.set(instanceId, lastGeneration);
    return lastGeneration;
  }
  const cached = (instanceId: string, key: string): string => `${generationOf(instanceId)} ${key}`;

  async function readThrough(instanceId: string, wanted: Map<string, string>, fetch: (ids: string[]) => Promise<Map<string, Uint8Array>>): Promise<Map<string, Uint8Array>> {
    const found = new Map<string, Uint8Array>();
    const missing = new Map<string, string>();
    for (const [id, key] of wanted) {
      const entry = cache.get(cached(instanceId, key));
      if (!entry) missing.set(id, key);
      else if (entry.value) found.set(id, copy(entry.value));
    }
    if (missing.size === 0) return found;

    const filler = Symbol('read');
    const generation = generationOf(instanceId);
    for (const key of missing.values()) if (!writers.has(key)) fillers.set(key, filler);
    try {
      const values = await fetch([...missing.keys()]);
      const unwiped = generationOf(instanceId) === generation;
      for (const [id, key] of missing) {
        const value = values.get(id) ?? null;
        if (unwiped && fillers.get(key) === filler) cache.set(cached(instanceId, key), { value: value && copy(value) });
        if (value) found.set(id, value);
      }
      return found;
    } finally {
      for (const key of missing.values()) if (fillers.get(key) === filler) fillers.delete(key);
    }
  }

  async function writeThrough(instanceId: string, entries: Map<string, Entry>, write: () => Promise<void>): Promise<void> {
    for (const key of entries.keys()) {
      writers.set(key, (writers.get(key) ?? 0) + 1);
      fillers.delete(key);
      cache.delete(cached(instanceId, key));
    }
    let durable = false;
    try {
      await write();
      durable = true;
    } finally {
      for (const [key, entry] of entries) {
        const others = (writers.get(key) ?? 1) - 1;
        if (others > 0) writers.set(key, others);
        else {
          // Writes become durable in order, so the last one under way is the newest.
          writers.delete(key);
          if (durable) cache.set(cached(instanceId, key), entry);
        }
      }
    }
  }

  const nextGeneration = (instanceId: string): void => {
    generations.delete(instanceId);
  };

  async function forgetting(instanceId: string, remove: () => Promise<void>): Promise<void> {
    // Once before, so that nothing old is answered afterwards; once after, for what was read while it ran.
    nextGeneration(instanceId);
    try {
      await remove();
    } finally {
      nextGeneration(instanceId);
    }
  }

  return {
    async readCredentials(instanceId) {
      const values = await readThrough(instanceId, new Map([['', credentialsKey(instanceId)]]), async () => {
        const value = await store.readCredentials(instanceId);
        return new Map(value ? [['', value]] : []);
      });
      return values.get('') ?? null;
    },
    readKeys: (instanceId, type, ids) => readThrough(
      instanceId, new Map(ids.map(id => [id, signalKey(instanceId, type, id)])), missing => store.readKeys(instanceId, type, missing)),
    commit: (tenure, changes) => writeThrough(tenure.instanceId, changedEntries(tenure.instanceId, changes), () => store.commit(tenure, changes)),
    wipe: (tenure, backup) => forgetting(tenure.instanceId, () => store.wipe(tenure, backup)),
    replace: (tenure, credentials, backup) => forgetting(tenure.instanceId, () => store.replace(tenure, credentials, backup)),
    backUp: (tenure, backup) => store.backUp(tenure, backup),
    readBackup: (instanceId, backupId) => store.readBackup(instanceId, backupId),
    purge: tenure => forgetting(tenure.instanceId, () => store.purge(tenure)),
    forget: nextGeneration,
    listSessions: () => store.listSessions(),
  };
}

function changedEntries(instanceId: string, { credentials, keys = [] }: SessionChanges): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  if (credentials) entries.set(credentialsKey(instanceId), { value: copy(credentials) });
  for (const { type, id, value } of keys) entries.set(signalKey(instanceId, type, id), { value: value && copy(value) });
  return entries;
}

function credentialsKey(instanceId: string): string {
  return JSON.stringify([instanceId]);
}

function signalKey(instanceId: string, type: string, id: string): string {
  return JSON.stringify([instanceId, type, id]);
}

/** Callers may change their bytes; the cache's own stay as they are. */
function copy(value: Uint8Array): Uint8Array {
  return new Uint8Array(value);
}
