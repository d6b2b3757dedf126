import { AsyncLocalStorage } from 'node:async_hooks';
import type { SignalDataSet, SignalDataTypeMap, SignalKeyStoreWithTransaction } from '@whiskeysockets/baileys';
import type { SignalKeys } from './auth-state.js';
import { createKeyedLock } from './keyed-lock.js';

interface Transaction {
  /** The socket's keys it belongs to. */
  keys: object;
  isSend: boolean;
  pending: Record<string, Record<string, unknown>>;
  /** It was committed, or given up: what is written in its context from then on is written at once. */
  closed: boolean;
}

/** One for all sockets: in Node 20 every promise pays for each such context that was ever used. */
const context = new AsyncLocalStorage<Transaction>();

/**
 * Puts transactions of our own in the place of Baileys'. Three things are different.
 *
 * - What a send leaves behind for later (the privacy token of a contact, stored after WhatsApp answered) is written to the store, and
 *   not into a transaction that was committed long ago: otherwise every send to a contact asks WhatsApp for a token again.
 * - Sends do not wait for each other. What they read and then write is guarded where it happens, per session and per group
 *   (`signal-repository.ts`), so one whose ciphertext has to wait holds up none of the others.
 * - A commit that fails is not tried again while everything waits: the store is fail-stop.
 *
 * What a transaction writes is committed when its work has ended, after the stanza of a send is on the wire: that is how Baileys means
 * `sender-key-memory`.
 * @param sends.isSend whether a transaction of this name is that of a send
 * @param sends.beforeWrite called in the context of a send after everything was encrypted, and before the stanza is written: when Baileys asks
 * for the contact's privacy token, or notes who has a group's sender key (rc14, relayMessage). A send that it rejects for is not written.
 */
export function replaceTransactions(
  keys: SignalKeyStoreWithTransaction, store: SignalKeys, { isSend, beforeWrite }: { isSend: (name: string) => boolean; beforeWrite: () => Promise<void> },
): void {
  const lock = createKeyedLock();
  const current = (): Transaction | null => {
    const transaction = context.getStore();
    return transaction && transaction.keys === keys && !transaction.closed ? transaction : null;
  };

  async function run<T>(work: () => Promise<T>, ofSend: boolean): Promise<T> {
    const transaction: Transaction = { keys, isSend: ofSend, pending: {}, closed: false };
    try {
      return await context.run(transaction, work);
    } catch (error) {
      transaction.pending = {};
      throw error;
    } finally {
      transaction.closed = true;
      await store.set(transaction.pending as SignalDataSet);
    }
  }

  Object.assign(keys, {
    isInTransaction: () => current() !== null,
    async get<T extends keyof SignalDataTypeMap>(type: T, ids: string[]) {
      if (type === 'tctoken' && current()?.isSend) await beforeWrite();
      const written = current()?.pending[type] ?? {};
      const missing = ids.filter(id => !(id in written));
      const values: Record<string, SignalDataTypeMap[T]> = missing.length > 0 ? { ...await store.get(type, missing) } : {};
      for (const id of ids) {
        const value = written[id];
        if (id in written && value !== null && value !== undefined) values[id] = value as SignalDataTypeMap[T];
      }
      return values;
    },
    async set(data: SignalDataSet) {
      const transaction = current();
      if (!transaction) return store.set(data);
      if (transaction.isSend && 'sender-key-memory' in data) await beforeWrite();
      for (const [type, values] of Object.entries(data)) transaction.pending[type] = { ...transaction.pending[type], ...values };
    },
    transaction<T>(work: () => Promise<T>, name: string): Promise<T> {
      if (current()) return work();
      return isSend(name) ? run(work, true) : lock.run([name], () => run(work, false));
    },
  } satisfies SignalKeyStoreWithTransaction);
}
