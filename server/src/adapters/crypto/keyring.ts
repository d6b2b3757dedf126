import { EncryptionKeyError } from './encryption-key-error.js';
import { newKeyBytes, type MasterKey } from './master-key.js';
import type { DataKeyStore, WrappedDataKey } from '../sql/data-keys.js';

export interface DataKey { id: number; bytes: Uint8Array }

/** The data keys of this installation, as this process can open them. */
export interface Keyring {
  /** The key that seals: the newest. */
  active(): DataKey;
  find(id: number): DataKey | null;
  /** As they are kept, at the last look. */
  rows(): readonly WrappedDataKey[];
  master(): MasterKey;
  /** Looks again: another process may have made a key. Those who ask at once share one look. */
  look(): Promise<void>;
  /** Makes a new key that seals from then on. False when another process was faster: look again. */
  add(alsoUnder: MasterKey | null): Promise<boolean>;
  /** From now on this is the process's master key; every data key is wrapped by it already. */
  changeMaster(master: MasterKey): void;
}

export interface KeyringOptions {
  store: DataKeyStore;
  master: MasterKey;
  now: () => number;
  /** A sentence that says what to do when the master key is not the right one. */
  onWrongKey: (kept: readonly string[]) => Promise<string>;
}

/**
 * Opens the data keys, and makes the first one where there is none.
 * @throws EncryptionKeyError when the master key does not open them; nothing was changed
 */
export async function openKeyring({ store, master: given, now, onWrongKey }: KeyringOptions): Promise<Keyring> {
  const opened = new Map<number, DataKey>();
  let master = given;
  let rows: readonly WrappedDataKey[] = [];
  let active: DataKey | null = null;
  let looking: Promise<void> | null = null;

  function take(kept: readonly WrappedDataKey[]): void {
    for (const { id, masterId, wrapped } of kept) {
      if (masterId !== master.id || opened.has(id)) continue;
      const bytes = master.unwrap(id, wrapped);
      if (bytes === null) throw new EncryptionKeyError('DATA_KEY_UNREADABLE', `The data key ${id} in the table DataKey was changed: the master key ${master.id} does not open it. Put the table back from your backup; nothing was changed.`);
      opened.set(id, { id, bytes });
    }
    rows = kept;
    const newest = Math.max(...opened.keys());
    active = opened.get(newest) ?? null;
  }

  const look = (): Promise<void> => (looking ??= store.list().then(take).finally(() => { looking = null; }));

  async function add(alsoUnder: MasterKey | null): Promise<boolean> {
    const id = Math.max(0, ...rows.map(row => row.id)) + 1;
    const bytes = newKeyBytes();
    // Younger than all before, whatever the clocks say: a change of the master key has a direction.
    const createdAt = Math.max(now(), ...rows.map(row => row.createdAt + 1));
    const beside = alsoUnder === null ? [] : [...opened.values(), { id, bytes }].map(key => ({
      id: key.id, masterId: alsoUnder.id, wrapped: alsoUnder.wrap(key.id, key.bytes), createdAt, retiredAt: rows.find(row => row.id === key.id)?.retiredAt ?? null,
    }));
    const added = await store.add({ id, masterId: master.id, wrapped: master.wrap(id, bytes), createdAt }, beside);
    // A look that began before would not show it.
    await looking?.catch(() => undefined);
    await look();
    return added;
  }

  await look();
  if (rows.length === 0) await add(null);
  if (active === null) throw new EncryptionKeyError('ENCRYPTION_KEY_WRONG', await onWrongKey([...new Set(rows.map(({ masterId }) => masterId))]));

  return {
    active() {
      if (active === null) throw new Error('There is no data key.');
      return active;
    },
    find: id => opened.get(id) ?? null,
    rows: () => rows,
    master: () => master,
    look, add,
    changeMaster(next) { master = next; },
  };
}
