import { createCipheriv, createDecipheriv, randomBytes, randomInt } from 'node:crypto';
import { Curve, generateSignalPubKey, type KeyPair } from '@whiskeysockets/baileys';
import {
  SenderChainKey, SenderKeyDistributionMessage, SenderKeyMessage, type SenderMessageKey,
} from '@whiskeysockets/baileys/lib/Signal/Group/index.js';
import type { Peer } from './endpoint.js';

/** Sender keys kept for each member of a group, and message keys kept for messages that have not come yet. */
const MAX_KEYS = 5;
const MAX_SKIPPED = 2000;
const CIPHER = 'aes-256-cbc';

/** A device's sender keys: its own for each group, and those that other members' devices gave it. */
export interface SenderKeys {
  /** What others need to read the device's next message to the group. Makes the key at its first use. */
  distribution(group: string): Buffer;
  encrypt(group: string, plaintext: Uint8Array): Buffer;
  /** Takes a member's distribution message. A key that is known already stays as it is: it reads older messages, too. */
  learn(group: string, sender: Peer, distribution: Uint8Array): void;
  /** Throws when it cannot; the key is left as it was. */
  decrypt(group: string, sender: Peer, ciphertext: Uint8Array): Buffer;
}

interface OwnKey {
  keyId: number;
  chain: SenderChainKey;
  signing: KeyPair;
}

interface KnownKey {
  keyId: number;
  chain: SenderChainKey;
  signingKey: Uint8Array;
  /** Keys of messages that were overtaken, by iteration. */
  skipped: Map<number, SenderMessageKey>;
}

export function createSenderKeys(): SenderKeys {
  const own = new Map<string, OwnKey>();
  const known = new Map<string, KnownKey[]>();
  const nameOf = (group: string, sender: Peer) => `${group}|${sender.number}.${sender.device}`;

  const ownKey = (group: string): OwnKey => {
    let key = own.get(group);
    if (!key) {
      key = { keyId: randomInt(1, 2 ** 31 - 1), chain: new SenderChainKey(0, randomBytes(32)), signing: Curve.generateKeyPair() };
      own.set(group, key);
    }
    return key;
  };

  return {
    distribution(group) {
      const { keyId, chain, signing } = ownKey(group);
      const signingKey = generateSignalPubKey(signing.public);
      return Buffer.from(new SenderKeyDistributionMessage(keyId, chain.getIteration(), chain.getSeed(), signingKey).serialize());
    },
    encrypt(group, plaintext) {
      const key = ownKey(group);
      const messageKey = key.chain.getSenderMessageKey();
      const cipher = createCipheriv(CIPHER, messageKey.getCipherKey(), messageKey.getIv());
      const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
      const message = new SenderKeyMessage(key.keyId, key.chain.getIteration(), ciphertext, Buffer.from(key.signing.private));
      key.chain = key.chain.getNext();
      return Buffer.from(message.serialize());
    },
    learn(group, sender, bytes) {
      const message = new SenderKeyDistributionMessage(null, null, null, null, bytes);
      const name = nameOf(group, sender);
      const keys = known.get(name) ?? [];
      const keyId = message.getId();
      const signingKey = message.getSignatureKey();
      if (keys.some((key) => key.keyId === keyId && Buffer.from(key.signingKey).equals(signingKey))) return;
      const chain = new SenderChainKey(message.getIteration(), message.getChainKey());
      const others = keys.filter((key) => key.keyId !== keyId);
      known.set(name, [...others, { keyId, chain, signingKey, skipped: new Map<number, SenderMessageKey>() }].slice(-MAX_KEYS));
    },
    decrypt(group, sender, bytes) {
      const message = new SenderKeyMessage(null, null, null, null, bytes);
      const key = known.get(nameOf(group, sender))?.find((each) => each.keyId === message.getKeyId());
      if (!key) throw new Error('No sender key for this message');
      message.verifySignature(generateSignalPubKey(key.signingKey));
      const step = advance(key, message.getIteration());
      const decipher = createDecipheriv(CIPHER, step.messageKey.getCipherKey(), step.messageKey.getIv());
      const plaintext = Buffer.concat([decipher.update(message.getCipherText()), decipher.final()]);
      // Only now: an attempt that fails must leave no trace.
      key.chain = step.chain;
      key.skipped.delete(message.getIteration());
      for (const passed of step.passed) key.skipped.set(passed.getIteration(), passed);
      for (const iteration of [...key.skipped.keys()].slice(0, Math.max(0, key.skipped.size - MAX_SKIPPED))) key.skipped.delete(iteration);
      return plaintext;
    },
  };
}

function advance(key: KnownKey, iteration: number): { messageKey: SenderMessageKey; chain: SenderChainKey; passed: SenderMessageKey[] } {
  let { chain } = key;
  const passed: SenderMessageKey[] = [];
  if (iteration < chain.getIteration()) {
    const messageKey = key.skipped.get(iteration);
    if (!messageKey) throw new Error('The key of this message was used already');
    return { messageKey, chain, passed };
  }
  if (iteration - chain.getIteration() > MAX_SKIPPED) throw new Error('The message is too far ahead');
  for (; chain.getIteration() < iteration; chain = chain.getNext()) passed.push(chain.getSenderMessageKey());
  return { messageKey: chain.getSenderMessageKey(), chain: chain.getNext(), passed };
}
