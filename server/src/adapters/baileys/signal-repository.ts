import {
  DEFAULT_CONNECTION_CONFIG, isLidUser, jidDecode,
  type SignalAuthState, type SignalDataSet, type SignalDataTypeMap, type SignalKeyStore, type SignalKeyStoreWithTransaction,
  type SignalRepositoryWithLIDStore, type SocketConfig,
} from '@whiskeysockets/baileys';
import { createKeyedLock } from './keyed-lock.js';
import { atMost } from './time-limit.js';

const LID_LOOKUP_TIMEOUT_MS = 5_000;

/**
 * The Signal repository with commits of its own. Baileys commits one transaction per send *after* the stanza is on the wire;
 * a crash in between reuses a message key. Here every encrypt and decrypt is an operation of its own: it
 * buffers what it writes, commits once, atomically, and only then answers, so a ciphertext never leaves before its ratchet step is
 * durable. The scope of an operation is an object (a repository over a buffering key view), not an async context:
 * libsignal's job queue may run one caller's job in another caller's context.
 *
 * Operations on one user's sessions exclude each other, encrypt and decrypt alike.
 */
export function createSignalRepositoryFactory(keys: SignalKeyStore): SocketConfig['makeSignalRepository'] {
  return (auth, logger, pnToLid) => {
    const build = DEFAULT_CONNECTION_CONFIG.makeSignalRepository;
    const main = build({ creds: auth.creds, keys: withoutTransactions(keys) }, logger, pnToLid);
    const lock = createKeyedLock();
    const pool = createOperationPool(keys, viewKeys =>
      build({ creds: auth.creds, keys: viewKeys }, logger, jids => main.lidMapping.getLIDsForPNs(jids).then(found => found ?? undefined)));

    async function userOf(jid: string): Promise<string> {
      if (isLidUser(jid)) return jidDecode(jid)?.user ?? jid;
      const lid = await atMost(LID_LOOKUP_TIMEOUT_MS, main.lidMapping.getLIDForPN(jid).catch(() => null));
      return jidDecode(lid ?? jid)?.user ?? jid;
    }

    async function operate<T>(names: string[], work: (repository: SignalRepositoryWithLIDStore) => Promise<T>): Promise<T> {
      return lock.run(names, () => pool.operate(work));
    }

    return {
      ...main,
      decryptMessage: async options => operate([await userOf(options.jid)], repository => repository.decryptMessage(options)),
      encryptMessage: async options => operate([await userOf(options.jid)], repository => repository.encryptMessage(options)),
      injectE2ESession: async options => operate([await userOf(options.jid)], repository => repository.injectE2ESession(options)),
      decryptGroupMessage: options => operate([options.group], repository => repository.decryptGroupMessage(options)),
      encryptGroupMessage: options => operate([options.group], repository => repository.encryptGroupMessage(options)),
      getSenderKeyDistributionMessage: options => operate([options.group], repository => repository.getSenderKeyDistributionMessage(options)),
      processSenderKeyDistributionMessage: options =>
        operate([options.item.groupId ?? options.authorJid], repository => repository.processSenderKeyDistributionMessage(options)),
      migrateSession: (from, to) => operate([from, to].map(jid => jidDecode(jid)?.user ?? jid), () => main.migrateSession(from, to)),
      close: () => {
        main.close?.();
        pool.close();
      },
    };
  };
}

/** A view that collects writes; reads see them first. */
interface BufferedView {
  keys: SignalKeyStoreWithTransaction;
  take(): SignalDataSet;
}

function createBufferedView(keys: SignalKeyStore): BufferedView {
  let pending: Record<string, Record<string, unknown>> = {};
  return {
    keys: {
      async get<T extends keyof SignalDataTypeMap>(type: T, ids: string[]) {
        const written = pending[type] ?? {};
        const missing = ids.filter(id => !(id in written));
        const values: Record<string, SignalDataTypeMap[T]> = missing.length > 0 ? { ...await keys.get(type, missing) } : {};
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

/** Repositories for operations, reused: making one costs two caches. */
function createOperationPool(keys: SignalKeyStore, build: (view: SignalAuthState['keys']) => SignalRepositoryWithLIDStore) {
  const idle: { view: BufferedView; repository: SignalRepositoryWithLIDStore }[] = [];
  return {
    async operate<T>(work: (repository: SignalRepositoryWithLIDStore) => Promise<T>): Promise<T> {
      const slot = idle.pop() ?? makeSlot();
      try {
        const result = await work(slot.repository);
        await keys.set(slot.view.take());
        return result;
      } finally {
        // A failed operation leaves no trace: what libsignal wrote on the way is dropped.
        slot.view.take();
        idle.push(slot);
      }
    },
    close() {
      for (const slot of idle.splice(0)) slot.repository.close?.();
    },
  };

  function makeSlot() {
    const view = createBufferedView(keys);
    return { view, repository: build(view.keys) };
  }
}

/** Each `set` commits by itself; what reads and then writes is guarded by the lock above. */
function withoutTransactions(keys: SignalKeyStore): SignalKeyStoreWithTransaction {
  return { get: keys.get, set: keys.set, isInTransaction: () => false, transaction: exec => exec() };
}
