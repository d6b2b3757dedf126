import type { ReceiveJournal } from '../../ports/journal.js';
import type { Sealer } from '../../ports/vault.js';
import { journalPlace } from './sealed-columns.js';

/** The journal whose plaintexts `createSealedSessionStore` has written: among them are keys that other devices share. */
export function createSealedJournal(journal: ReceiveJournal, sealer: Sealer): ReceiveJournal {
  return {
    async findPlaintext(instanceId, hashes) {
      const found = await journal.findPlaintext(instanceId, hashes);
      return found && { hash: found.hash, plaintext: await sealer.open(journalPlace(instanceId, found.hash), found.plaintext) };
    },
    listUndone: (instanceId, after, limit) => journal.listUndone(instanceId, after, limit),
    markDone: (tenure, hashes, at) => journal.markDone(tenure, hashes, at),
    prune: (before, limit) => journal.prune(before, limit),
  };
}
