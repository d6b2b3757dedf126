import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from '../../ports/clock.js';
import type { Ciphertext, CiphertextMemos, NewCiphertextMemo } from '../../ports/journal.js';
import type { MessageStore } from '../../ports/message-store.js';
import { DomainError } from '../../domain/errors.js';
import type { WithKeys } from './auth-state.js';

/** A message on its way through Baileys to the wire. */
export interface Relayed {
  messageId: string;
  /** It may have been encrypted before. */
  again: boolean;
  /** Nothing may leave before it is true. Awaited with the encryption, so it must not take long: Baileys encrypts for one device at a time. */
  permit: Promise<boolean>;
  /** The same, asked after the encryption. */
  turn: () => Promise<boolean>;
}

/**
 * Which message is being encrypted: Baileys does not say. It is read on entry of an encryption, in the caller's context; what Baileys
 * resends for a retry receipt comes from the socket's own context, and is always encrypted anew.
 */
export const relayed = new AsyncLocalStorage<Relayed>();

/** A message for a group, and the key that opens it. */
export interface GroupCiphertext { ciphertext: Uint8Array; senderKeyDistributionMessage: Uint8Array }

export interface EncryptMemo {
  /**
   * Encrypts a message once for each device: with its step of the ratchet the ciphertext is kept, and a message that goes out again
   * is what it was before, with the ratchet left alone.
   * @param jids the names of the device; the first is the one it is written to
   */
  device(message: Relayed, jids: () => Promise<string[]>, encrypt: Encrypt<Ciphertext>): Promise<Ciphertext>;
  /**
   * The same for a group. The sender key that goes with it is kept too: one made anew would be a step further, and who gets it
   * could not open the message.
   */
  group(message: Relayed, jid: string, encrypt: Encrypt<GroupCiphertext>): Promise<GroupCiphertext>;
}

type Encrypt<T> = (beside: (result: T) => WithKeys) => Promise<T>;

const senderKeyOf = (group: string) => `${group}#sender-key`;

export interface EncryptMemoParts {
  instanceId: string;
  memos: Pick<CiphertextMemos, 'find'>;
  messages: Pick<MessageStore, 'find'>;
  clock: Clock;
}

export function createEncryptMemo({ instanceId, memos, messages, clock }: EncryptMemoParts): EncryptMemo {
  const find = ({ messageId, again }: Relayed, jids: string[]) => (again ? memos.find(instanceId, messageId, jids) : Promise.resolve(null));
  /**
   * The memos of a message go with WhatsApp's acknowledgement, which may come in while the message is about to go out again: it must not be
   * encrypted anew then, for a device that has it would show it twice. To be called when no memo was found, so that none can be lost in between.
   */
  const requireUnfinished = async ({ messageId, again }: Relayed): Promise<void> => {
    const state = again ? (await messages.find(instanceId, messageId))?.state ?? 'sending' : 'sending';
    if (state !== 'queued' && state !== 'sending') throw new DomainError('internal_error', `The message is ${state} meanwhile, and does not go out again.`);
  };
  const toMemo = ({ messageId }: Relayed, jid: string, type: Ciphertext['type'], ciphertext: Uint8Array): NewCiphertextMemo =>
    ({ messageId, jid, type, ciphertext, createdAt: clock.now() });

  return {
    async device(message, jids, encrypt) {
      const names = await jids();
      const sealed = await find(message, names);
      if (sealed) return sealed;
      await requireUnfinished(message);
      return encrypt(({ type, ciphertext }) => ({ memos: [toMemo(message, names[0] ?? '', type, ciphertext)] }));
    },
    async group(message, jid, encrypt) {
      const [sealed, key] = await Promise.all([find(message, [jid]), find(message, [senderKeyOf(jid)])]);
      if (sealed && key) return { ciphertext: sealed.ciphertext, senderKeyDistributionMessage: key.ciphertext };
      await requireUnfinished(message);
      return encrypt(result => ({
        memos: [
          toMemo(message, jid, 'skmsg', result.ciphertext),
          toMemo(message, senderKeyOf(jid), 'skmsg', result.senderKeyDistributionMessage),
        ],
      }));
    },
  };
}

/** @throws DomainError when the message may not leave */
export async function untilItsTurn({ turn }: Relayed): Promise<void> {
  if (!await turn()) throw new DomainError('internal_error', 'The message was given up before its turn came.');
}

/** @throws DomainError when the message may not leave */
export async function untilPermitted({ permit }: Relayed): Promise<void> {
  if (!await permit) throw new DomainError('internal_error', 'The message was given up before it left.');
}
