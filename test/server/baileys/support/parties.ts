import { soleTenure } from '@gateway/domain/instances/tenure.js';
import { createDecryptJournal } from '@gateway/adapters/baileys/decrypt-journal.js';
import { createEncryptMemo } from '@gateway/adapters/baileys/encrypt-memo.js';
import { createKeyStore } from '@gateway/adapters/baileys/auth-state.js';
import { createReceivedStanzas, type ReceivedStanzas } from '@gateway/adapters/baileys/received-stanzas.js';
import { createSignalRepositoryFactory } from '@gateway/adapters/baileys/signal-repository.js';
import { createSystemClock } from '@gateway/adapters/system/clock.js';
import type { ReceiveJournal } from '@gateway/ports/journal.js';
import type { SessionChanges, SessionStore } from '@gateway/ports/session-store.js';
import {
  addTransactionCapability, Curve, generateSignalPubKey, initAuthCreds, type AuthenticationCreds, type BinaryNode, type SignalRepositoryWithLIDStore,
} from '../../../../server/node_modules/@whiskeysockets/baileys/lib/index.js';
import { openTestStore } from '../../../contracts/support/embedded';
import { collectingLogger } from '../../../support/logger.js';

const logger = collectingLogger([], 'silent');

/** One who writes and reads, over the real store. */
export interface Party {
  name: string;
  jid: string;
  creds: AuthenticationCreds & { me: { id: string; lid: string } };
  repository: SignalRepositoryWithLIDStore;
  /** What became durable, in order. */
  commits: SessionChanges[];
  stanzas: ReceivedStanzas;
  store: SessionStore;
  /** How often the journal was asked. */
  lookUps: number;
  /** The same party after a crash: what was not committed is gone. */
  again(options?: { known?: boolean; of?: ReceivedStanzas }): SignalRepositoryWithLIDStore;
}

/** Parties in one embedded store. */
export async function openParties() {
  const embedded = await openTestStore();
  let parties = 0;

  function party({ intercept = async () => {} }: { intercept?: (changes: SessionChanges) => Promise<void> } = {}): Party {
    const name = `party-${parties += 1}`;
    const commits: SessionChanges[] = [];
    const store: SessionStore = {
      ...embedded.sessions,
      async commit(tenure, changes) {
        await intercept(changes);
        await embedded.sessions.commit(tenure, changes);
        commits.push(changes);
      },
    };
    const creds = { ...initAuthCreds(), me: { id: `${100 + parties}:3@s.whatsapp.net`, lid: `${900 + parties}:3@lid` } };
    const stanzas = createReceivedStanzas();
    const own = () => creds.me;
    const clock = createSystemClock();
    const journal: Pick<ReceiveJournal, 'findPlaintext'> = {
      async findPlaintext(...query) {
        made.lookUps += 1;
        return embedded.journal.findPlaintext(...query);
      },
    };
    const again = ({ known = false, of = stanzas }: { known?: boolean; of?: ReceivedStanzas } = {}) => {
      const keys = createKeyStore(store, soleTenure(name));
      return createSignalRepositoryFactory({
        keys,
        journal: createDecryptJournal({ instanceId: name, journal, stanzas: of, own, clock, logger, known }),
        memo: createEncryptMemo({ instanceId: name, memos: embedded.memos, messages: embedded.messages, clock }),
      })({ creds, keys: addTransactionCapability(keys, logger, { maxCommitRetries: 1, delayBetweenTriesMs: 1 }) }, logger, async () => []);
    };
    const made: Party = { name, jid: `${900 + parties}@lid`, creds, repository: again(), commits, stanzas, store, again, lookUps: 0 };
    return made;
  }

  /** Gives `from` a session with `to`, as a key fetch does, with a one-time prekey or, when WhatsApp has none left, without. */
  async function introduce(from: Party, to: Party, { id = 7, oneTime = true } = {}): Promise<void> {
    const preKey = Curve.generateKeyPair();
    await createKeyStore(to.store, soleTenure(to.name)).set({ 'pre-key': { [id]: preKey } });
    const { signedPreKey, signedIdentityKey, registrationId } = to.creds;
    await from.repository.injectE2ESession({
      jid: to.jid,
      session: {
        registrationId,
        identityKey: generateSignalPubKey(signedIdentityKey.public),
        signedPreKey: { keyId: signedPreKey.keyId, publicKey: generateSignalPubKey(signedPreKey.keyPair.public), signature: signedPreKey.signature },
        ...(oneTime ? { preKey: { keyId: id, publicKey: generateSignalPubKey(preKey.public) } } : {}) as { preKey: { keyId: number; publicKey: Uint8Array } },
      },
    });
    from.commits.length = 0;
    to.commits.length = 0;
  }

  /** Puts ciphertexts into a stanza from the party, as they come over the wire. */
  function stanza(from: Party, id: string, sealed: { type: string; ciphertext: Uint8Array }[], attrs: Record<string, string> = {}): BinaryNode {
    return {
      tag: 'message', attrs: { id, from: from.jid, t: '1700000000', type: 'text', ...attrs },
      content: sealed.map(({ type, ciphertext }) => ({ tag: 'enc', attrs: { v: '2', type }, content: Buffer.from(ciphertext) })),
    };
  }

  /** Decrypts the only part of a stanza as Baileys does, with the object that is in the stanza. */
  async function read(at: Party, node: BinaryNode, repository = at.repository): Promise<string> {
    at.stanzas.add(node);
    const [enc] = node.content as BinaryNode[];
    const { from = '', participant } = node.attrs;
    const content = enc?.content as Uint8Array;
    const plaintext = participant
      ? await repository.decryptGroupMessage({ group: from, authorJid: participant, msg: content })
      : await repository.decryptMessage({ jid: from, type: enc?.attrs['type'] as 'pkmsg' | 'msg', ciphertext: content });
    return Buffer.from(plaintext).toString();
  }

  /** Writes 1:1 and puts it into a stanza. */
  async function write(from: Party, to: Party, id: string, text: string): Promise<BinaryNode> {
    return stanza(from, id, [await from.repository.encryptMessage({ jid: to.jid, data: bytes(text) })]);
  }

  return { ...embedded, party, introduce, stanza, read, write };
}

export const bytes = (text: string) => Buffer.from(text, 'utf8');
