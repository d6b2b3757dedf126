import {
  DEFAULT_CONNECTION_CONFIG, isLidUser, isPnUser, jidDecode,
  type SignalKeyStore, type SignalKeyStoreWithTransaction, type SignalRepositoryWithLIDStore, type SocketConfig,
} from '@whiskeysockets/baileys';
import type { SignalKeys } from './auth-state.js';
import type { DecryptJournal } from './decrypt-journal.js';
import { relayed, untilPermitted, type EncryptMemo } from './encrypt-memo.js';
import { createKeyedLock } from './keyed-lock.js';
import { createOperations } from './operations.js';
import { atMost } from './time-limit.js';

const LID_LOOKUP_TIMEOUT_MS = 5_000;

export interface SignalRepositoryParts {
  keys: SignalKeys;
  journal: DecryptJournal;
  memo: EncryptMemo;
}

/**
 * The Signal repository with commits of its own. Baileys commits one transaction per send *after* the stanza is on the wire;
 * a crash in between reuses a message key. Here every encrypt and decrypt is an operation of its own: it
 * buffers what it writes, commits once, atomically, and only then answers, so a ciphertext never leaves before its ratchet step is
 * durable. The scope of an operation is an object (a repository over a buffering key view), not an async context:
 * libsignal's job queue may run one caller's job in another caller's context.
 *
 * What was decrypted, and what was encrypted for a message, is kept with the step that did it (`DecryptJournal`, `EncryptMemo`).
 * Operations on one user's sessions exclude each other, encrypt and decrypt alike.
 */
export function createSignalRepositoryFactory({ keys, journal, memo }: SignalRepositoryParts): SocketConfig['makeSignalRepository'] {
  return (auth, logger, pnToLid) => {
    const build = DEFAULT_CONNECTION_CONFIG.makeSignalRepository;
    const main = build({ creds: auth.creds, keys: withoutTransactions(keys) }, logger, pnToLid);
    const lock = createKeyedLock();
    const operations = createOperations(keys, viewKeys =>
      build({ creds: auth.creds, keys: viewKeys }, logger, jids => keys.ending.orEnded(main.lidMapping.getLIDsForPNs(jids).then(found => found ?? undefined))));

    async function userOf(jid: string): Promise<string> {
      if (isLidUser(jid)) return jidDecode(jid)?.user ?? jid;
      const lid = await atMost(LID_LOOKUP_TIMEOUT_MS, main.lidMapping.getLIDForPN(jid).catch(() => null));
      return jidDecode(lid ?? jid)?.user ?? jid;
    }

    /** The device's other name, where it is known. */
    async function aliasesOf(jid: string): Promise<string[]> {
      const alias = isLidUser(jid) ? main.lidMapping.getPNForLID(jid) : isPnUser(jid) ? main.lidMapping.getLIDForPN(jid) : null;
      const found = alias && await atMost(LID_LOOKUP_TIMEOUT_MS, alias.catch(() => null));
      return found ? [found] : [];
    }

    async function operate<T>(names: string[], work: (repository: SignalRepositoryWithLIDStore) => Promise<T>): Promise<T> {
      return lock.run(names, () => operations.run(work));
    }

    return {
      ...main,
      async decryptMessage(options) {
        const { jid, type, ciphertext } = options;
        return lock.run([await userOf(jid)], () => journal.open({ type, author: jid, ciphertext }, () => aliasesOf(jid),
          beside => operations.run(repository => repository.decryptMessage(options), beside)));
      },
      async decryptGroupMessage(options) {
        const { group, authorJid, msg } = options;
        return lock.run([group], () => journal.open({ type: 'skmsg', author: authorJid, group, ciphertext: msg }, () => aliasesOf(authorJid),
          beside => operations.run(repository => repository.decryptGroupMessage(options), beside)));
      },
      async encryptMessage(options) {
        const { jid } = options;
        const message = relayed.getStore();
        const user = await userOf(jid);
        if (!message) return operate([user], repository => repository.encryptMessage(options));
        const sealed = await lock.run([user], () => memo.device(message, async () => [jid, ...message.again ? await aliasesOf(jid) : []],
          beside => operations.run(repository => repository.encryptMessage(options), beside)));
        await untilPermitted(message);
        return sealed as typeof sealed & { type: 'pkmsg' | 'msg' };
      },
      async encryptGroupMessage(options) {
        const { group } = options;
        const message = relayed.getStore();
        if (!message) return operate([group], repository => repository.encryptGroupMessage(options));
        const sealed = await lock.run([group], () => memo.group(message, group,
          beside => operations.run(repository => repository.encryptGroupMessage(options), beside)));
        await untilPermitted(message);
        return sealed;
      },
      injectE2ESession: async options => operate([await userOf(options.jid)], repository => repository.injectE2ESession(options)),
      getSenderKeyDistributionMessage: options => operate([options.group], repository => repository.getSenderKeyDistributionMessage(options)),
      processSenderKeyDistributionMessage: options =>
        operate([options.item.groupId ?? options.authorJid], repository => repository.processSenderKeyDistributionMessage(options)),
      migrateSession: (from, to) => operate([from, to].map(jid => jidDecode(jid)?.user ?? jid), () => main.migrateSession(from, to)),
      close: () => {
        main.close?.();
        operations.close();
      },
    };
  };
}

/** Each `set` commits by itself; what reads and then writes is guarded by the lock above. */
function withoutTransactions(keys: SignalKeyStore): SignalKeyStoreWithTransaction {
  return { get: keys.get, set: keys.set, isInTransaction: () => false, transaction: exec => exec() };
}
