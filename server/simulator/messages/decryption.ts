import { proto, unpadRandomMax16, type BinaryNode } from '@whiskeysockets/baileys';
import type { Account } from '../accounts/account.js';
import type { CipherType } from '../signal/endpoint.js';
import type { SealedMessage } from './reader.js';

/**
 * Decrypts one part of a client's message as device 0 of an account, and takes the sender key that it may carry.
 * Throws when it cannot; sessions and sender keys are left as they were.
 */
export async function decryptPart(account: Account, { from, group }: SealedMessage, enc: BinaryNode): Promise<proto.Message> {
  const { endpoint } = account;
  const peer = { number: from.account.number, device: from.id };
  const ciphertext = Buffer.from(enc.content as Uint8Array);
  const plaintext =
    enc.attrs['type'] === 'skmsg'
      ? endpoint.senderKeys.decrypt(group ?? '', peer, ciphertext)
      : await endpoint.decrypt(peer, enc.attrs['type'] as CipherType, ciphertext);
  const message = proto.Message.decode(unpadRandomMax16(plaintext));
  const distribution = (message.deviceSentMessage?.message ?? message).senderKeyDistributionMessage;
  if (group !== undefined && distribution?.groupId === group && distribution.axolotlSenderKeyDistributionMessage) {
    endpoint.senderKeys.learn(group, peer, distribution.axolotlSenderKeyDistributionMessage);
  }
  return message;
}
