import { initAuthCreds, type AuthenticationCreds, type SignalDataSet, type SignalDataTypeMap, type SignalKeyStore } from '@whiskeysockets/baileys';
import type { KeyChange, SessionStore } from '../../ports/session-store.js';
import { decodeCredentials, decodeKey, encodeValue } from './codec.js';

/** One instance's session as Baileys wants to see it, kept in the session store. */
export interface AuthState {
  creds: AuthenticationCreds;
  keys: SignalKeyStore;
  /** Writes the credentials as they are now; in order, and durable when it resolves. */
  saveCredentials(): Promise<void>;
  /**
   * Ends the writing: what a closed socket still wants to store goes nowhere. Nothing of it can have reached WhatsApp, and it must not
   * appear in a session that was wiped or paired anew meanwhile.
   */
  release(): void;
}

/** Reads the stored session, or makes fresh credentials that are not stored before Baileys changes them. */
export async function openAuthState(store: SessionStore, instanceId: string): Promise<AuthState> {
  const stored = await store.readCredentials(instanceId);
  const creds = stored ? decodeCredentials(stored) : initAuthCreds();
  let released = false;
  const guarded: Pick<SessionStore, 'readKeys' | 'commit'> = {
    readKeys: (...query) => store.readKeys(...query),
    commit: async (id, changes) => {
      if (!released) await store.commit(id, changes);
    },
  };
  return {
    creds,
    keys: createKeyStore(guarded, instanceId),
    saveCredentials: () => guarded.commit(instanceId, { credentials: encodeValue(creds) }),
    release: () => {
      released = true;
    },
  };
}

/** Baileys' key store over ours: one `set` is one commit, whatever types it spans. */
export function createKeyStore(store: Pick<SessionStore, 'readKeys' | 'commit'>, instanceId: string): SignalKeyStore {
  return {
    async get<T extends keyof SignalDataTypeMap>(type: T, ids: string[]) {
      const found = await store.readKeys(instanceId, type, ids);
      const values: Record<string, SignalDataTypeMap[T]> = {};
      for (const [id, bytes] of found) values[id] = decodeKey(type, bytes);
      return values;
    },
    async set(data: SignalDataSet) {
      const keys = listChanges(data);
      if (keys.length > 0) await store.commit(instanceId, { keys });
    },
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
