import type {
  SignalAuthState, SignalDataSet, SignalDataTypeMap, SignalKeyStoreWithTransaction, SignalRepositoryWithLIDStore,
} from '@whiskeysockets/baileys';
import type { SignalKeys, WithKeys } from './auth-state.js';

/** Runs single Signal operations, each with a commit of its own. */
export interface Operations {
  /**
   * What `work` waits for inside libsignal ends with the connection: libsignal has one queue of jobs for each address, for all connections of the
   * process, and a job that never ended would keep all of them from ever decrypting what that contact writes. The operation itself is never settled
   * then, and leaves no trace: Baileys would take a rejection for a message that cannot be decrypted.
   * @param beside what its result makes durable together with the changed keys
   * @throws what `work` throws; it has left no trace then
   */
  run<T>(work: (repository: SignalRepositoryWithLIDStore) => Promise<T>, beside?: (result: T) => WithKeys): Promise<T>;
  close(): void;
}

/** Repositories for operations are reused: making one costs two caches. */
export function createOperations(keys: SignalKeys, build: (view: SignalAuthState['keys']) => SignalRepositoryWithLIDStore): Operations {
  const idle: { view: BufferedView; repository: SignalRepositoryWithLIDStore }[] = [];

  function makeSlot() {
    const view = createBufferedView(keys);
    return { view, repository: build(view.keys) };
  }

  return {
    async run(work, beside) {
      const slot = idle.pop() ?? makeSlot();
      try {
        const result = await work(slot.repository);
        if (!keys.ending.reached()) {
          await keys.commit(slot.view.take(), beside?.(result));
          return result;
        }
      } catch (error) {
        if (!keys.ending.reached()) throw error;
      } finally {
        // A failed operation leaves no trace: what libsignal wrote on the way is dropped.
        slot.view.take();
        idle.push(slot);
      }
      return new Promise(() => {});
    },
    close() {
      for (const slot of idle.splice(0)) slot.repository.close?.();
    },
  };
}

/** A view that collects writes; reads see them first. */
interface BufferedView {
  keys: SignalKeyStoreWithTransaction;
  take(): SignalDataSet;
}

function createBufferedView(keys: SignalKeys): BufferedView {
  let pending: Record<string, Record<string, unknown>> = {};
  return {
    keys: {
      async get<T extends keyof SignalDataTypeMap>(type: T, ids: string[]) {
        const written = pending[type] ?? {};
        const missing = ids.filter(id => !(id in written));
        const values: Record<string, SignalDataTypeMap[T]> = missing.length > 0 ? { ...await keys.ending.orEnded(Promise.resolve(keys.get(type, missing))) } : {};
        for (const id of ids) {
          const value = written[id];
          if (id in written && value !== null && value !== undefined) values[id] = value as SignalDataTypeMap[T];
        }
        return values;
      },
      set(data) {
        for (const [type, values] of Object.entries(data)) pending[type] = { ...pending[type], ...values };
      },
      isInTransaction: () => true,
      transaction: exec => exec(),
    },
    take() {
      const taken = pending;
      pending = {};
      return taken as SignalDataSet;
    },
  };
}
