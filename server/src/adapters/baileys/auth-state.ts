import { initAuthCreds, type AuthenticationCreds, type SignalDataSet, type SignalDataTypeMap, type SignalKeyStore } from '@whiskeysockets/baileys';
import { LRUCache } from 'lru-cache';
import type { Tenure } from '../../domain/instances/tenure.js';
import type { KeyChange, SessionChanges, SessionStore } from '../../ports/session-store.js';
import { decodeCredentials, decodeKey, encodeValue } from './codec.js';
import { createEnding, type Ending } from './ending.js';

/** Sessions of one instance kept decoded: those of the chats that are going on. */
const SESSIONS_AT_HAND = 200;

/** What a step of the ratchet makes durable beside the keys it changed. */
export type WithKeys = Pick<SessionChanges, 'journal' | 'memos'>;

export interface SignalKeys extends SignalKeyStore {
  /** `set`, with something beside it in the same commit. */
  commit(data: SignalDataSet, beside?: WithKeys): Promise<void>;
  /** The end of the connection, or of what the store can promise it. */
  ending: Pick<Ending, 'reached' | 'orEnded'>;
}

/** One instance's session as Baileys wants to see it, kept in the session store. */
export interface AuthState {
  creds: AuthenticationCreds;
  keys: SignalKeys;
  /** Runs what asks the store, or writes to it, fail-stop. */
  guard: Guard;
  /**
   * Rejects as soon as something guarded has failed, what `work` waits for included: for whoever must not wait for ever for what is never settled.
   */
  orFailed<T>(work: Promise<T>): Promise<T>;
  /** Writes the credentials as they are now; in order, and durable when it resolves. */
  saveCredentials(): Promise<void>;
  /**
   * Before an orderly close: key commits that come from now on wait for the end. Resolves when those under way are durable, so that
   * WhatsApp can still be told of them.
   */
  pause(): Promise<void>;
  /**
   * Ends the writing: what a closed socket still wants to store goes nowhere. Nothing of it can have reached WhatsApp, and it must not
   * appear in a session that was wiped or paired anew meanwhile.
   */
  release(): void;
}

/**
 * Fail-stop: when the store fails, or refuses because another process owns the instance now, whoever opened it is told and the promise never settles. Baileys would take a rejection for a
 * message that cannot be decrypted, ask the sender for it again and refuse it to WhatsApp. After `release` a failure is only a failure: nothing
 * reaches WhatsApp any more.
 */
export type Guard = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * Reads the stored session, or makes fresh credentials that are not stored before Baileys changes them.
 * @param onFatal the store can promise nothing any more, or not to this tenure
 */
export async function openAuthState(store: SessionStore, tenure: Tenure, onFatal: (error: Error) => void): Promise<AuthState> {
  const stored = await store.readCredentials(tenure.instanceId);
  const creds = stored ? decodeCredentials(stored) : initAuthCreds();
  const gate = createGate();
  const ending = createEnding();
  let fail: (cause: unknown) => void = () => {};
  const failed = new Promise<never>((_, reject) => { fail = reject; });
  failed.catch(() => {});
  const guard: Guard = async work => {
    try {
      return await work();
    } catch (cause) {
      if (gate.released()) throw cause;
      fail(cause);
      ending.reach();
      onFatal(cause instanceof Error ? cause : new Error(String(cause)));
      return new Promise(() => {});
    }
  };
  return {
    creds,
    keys: createKeyStore({
      readKeys: (...query) => guard(() => store.readKeys(...query)),
      commit: (...changes) => gate.pass(() => guard(() => store.commit(...changes))),
    }, tenure, ending),
    guard,
    orFailed: work => Promise.race([work, failed]),
    async saveCredentials() {
      if (!gate.released()) await guard(() => store.commit(tenure, { credentials: encodeValue(creds) }));
    },
    pause: gate.pause,
    release() {
      gate.release();
      ending.reach();
    },
  };
}

/** Lets commits through, then makes them wait, then drops them. */
function createGate() {
  const underWay = new Set<Promise<void>>();
  let released = false;
  let paused = false;
  let open: () => void = () => {};
  const end = new Promise<void>(resolve => {
    open = resolve;
  });

  return {
    released: () => released,
    async pass(commit: () => Promise<void>): Promise<void> {
      if (paused) await end;
      if (released) return;
      const committing = commit();
      underWay.add(committing);
      await committing.finally(() => underWay.delete(committing));
    },
    async pause(): Promise<void> {
      paused = true;
      await Promise.allSettled(underWay);
    },
    release(): void {
      released = true;
      open();
    },
  };
}

/** Baileys' key store over ours: one `set` is one commit, whatever types it spans. */
export function createKeyStore(store: Pick<SessionStore, 'readKeys' | 'commit'>, tenure: Tenure, ending: SignalKeys['ending'] = createEnding()): SignalKeys {
  /** Sessions as plain objects, which nobody changes: libsignal makes records of its own from them, and gives new ones back. */
  const sessions = new LRUCache<string, SignalDataTypeMap['session']>({ maxSize: SESSIONS_AT_HAND, sizeCalculation: () => 1 });

  async function commit(data: SignalDataSet, beside: WithKeys = {}): Promise<void> {
    const keys = listChanges(data);
    for (const [id, session] of Object.entries(data.session ?? {})) {
      if (session) sessions.set(id, session);
      else sessions.delete(id);
    }
    if (keys.length > 0 || beside.journal?.length || beside.memos?.length) await store.commit(tenure, { keys, ...beside });
  }

  return {
    commit,
    async get<T extends keyof SignalDataTypeMap>(type: T, ids: string[]) {
      const values: Record<string, SignalDataTypeMap[T]> = {};
      const missing = type === 'session' ? ids.filter(id => !sessions.has(id)) : ids;
      if (type === 'session') for (const id of ids) { const session = sessions.get(id); if (session) values[id] = session as SignalDataTypeMap[T]; }
      if (missing.length === 0) return values;
      const found = await store.readKeys(tenure.instanceId, type, missing);
      for (const [id, bytes] of found) values[id] = decodeKey(type, bytes);
      return values;
    },
    set: data => commit(data),
    ending,
  };
}

function listChanges(data: SignalDataSet): KeyChange[] {
  return Object.entries(data).flatMap(([type, values]) =>
    Object.entries(values ?? {}).map(([id, value]) => ({
      type, id, value: value === null || value === undefined ? null : encodeValue(value),
    })));
}

/**
 * Whether these credentials can log in. `requestPairingCode` sets `me` long before anything is linked; only the signed account
 * identity of a finished pairing counts.
 */
export function isPaired(creds: AuthenticationCreds): boolean {
  return Boolean(creds.me?.id && creds.account);
}
