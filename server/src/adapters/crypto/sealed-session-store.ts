import type { SessionStore } from '../../ports/session-store.js';
import { credentialsPlace, type Sealer } from '../../ports/vault.js';
import { journalPlace } from './sealed-columns.js';

/** A session store that keeps credentials, keys and what was decrypted sealed. Memos, which are ciphertexts, pass as they are. */
export function createSealedSessionStore(store: SessionStore, sealer: Sealer): SessionStore {
  // Each method by its name: one that is new must be thought of here, and not pass by.
  return {
    async readCredentials(instanceId) {
      const sealed = await store.readCredentials(instanceId);
      return sealed && sealer.open(credentialsPlace(instanceId), sealed);
    },
    async readKeys(instanceId, type, ids) {
      const values = new Map<string, Uint8Array>();
      for (const [id, sealed] of await store.readKeys(instanceId, type, ids)) values.set(id, await sealer.open(['SignalKey', instanceId, type, id], sealed));
      return values;
    },
    async commit(tenure, changes) {
      const { instanceId } = tenure;
      const { credentials, keys, journal } = changes;
      // Sealed within the call, so that commits stay in the order of the calls.
      return store.commit(tenure, {
        ...changes,
        ...credentials && { credentials: sealer.seal(credentialsPlace(instanceId), credentials) },
        ...keys && { keys: keys.map(({ type, id, value }) => ({ type, id, value: value && sealer.seal(['SignalKey', instanceId, type, id], value) })) },
        ...journal && { journal: journal.map(entry => ({ ...entry, plaintext: sealer.seal(journalPlace(instanceId, entry.hash), entry.plaintext) })) },
      });
    },
    replace: (tenure, credentials, backup) => store.replace(tenure, sealer.seal(credentialsPlace(tenure.instanceId), credentials), backup),
    async readBackup(instanceId, backupId) {
      const sealed = await store.readBackup(instanceId, backupId);
      return sealed && sealer.open(credentialsPlace(instanceId), sealed);
    },
    // A backup is a copy of the credentials as they are stored.
    backUp: (tenure, backup) => store.backUp(tenure, backup),
    wipe: (tenure, backup) => store.wipe(tenure, backup),
    purge: tenure => store.purge(tenure),
    listSessions: () => store.listSessions(),
  };
}
