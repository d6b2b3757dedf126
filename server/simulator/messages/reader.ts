import { proto, unpadRandomMax16, type BinaryNode } from '@whiskeysockets/baileys';
import { LRUCache } from 'lru-cache';
import type { Account } from '../accounts/account.js';
import type { MessageView } from '../accounts/inbox.js';
import type { LinkedDevice } from '../accounts/linked-device.js';
import { unixSeconds } from '../clock.js';
import { parseUserJid, userJid, type UserServer } from '../jids.js';
import type { Network } from '../network.js';
import { node } from '../nodes.js';
import { bundleNodes } from '../signal/keys.js';
import type { CipherType } from '../signal/endpoint.js';
import type { Delivery } from './delivery.js';
import type { Receipts } from './receipts.js';

/** A client stops sending a message again after five attempts. */
const MAX_RETRIES = 5;

export interface SealedMessage {
  from: LinkedDevice;
  /** The client's stanza, for its id and recipient. */
  stanza: BinaryNode;
  enc: BinaryNode;
  server: UserServer;
}

export interface PlainMessage {
  from: Account;
  fromDevice?: number;
  messageId: string;
  message: proto.IMessage;
  server: UserServer;
}

export interface ReaderDeps {
  network: Network;
  delivery: Delivery;
  receipts: Receipts;
  /** Puts a message in the words of the control API; downloads and decrypts media. */
  describe(message: proto.IMessage): Promise<MessageView>;
  /** Called for each new message of a linked device to this account, after its receipt. */
  onMessage(account: Account, from: Account, messageId: string, view: MessageView, server: UserServer): void;
}

/** Reads as device 0 of an account what others write to it. */
export interface Reader {
  receiveSealed(account: Account, message: SealedMessage): void;
  receivePlain(account: Account, message: PlainMessage): void;
}

export function createReader({ network, delivery, receipts, describe, onMessage }: ReaderDeps): Reader {
  const { stats, faults } = network;
  /** Ciphertexts that were decrypted, by their last bytes (a MAC): the same one again is a duplicate, not a failure. */
  const decrypted = new LRUCache<string, true>({ max: 50_000 });
  const retries = new LRUCache<string, number>({ max: 10_000 });

  const file = async (account: Account, { from, fromDevice = 0, messageId, message, server }: PlainMessage) => {
    const copy = message.deviceSentMessage;
    const content = copy?.message ?? message;
    const fromMe = from === account;
    const to = parseUserJid(copy?.destinationJid ?? undefined)?.number;
    const known = account.inbox.find(from.number, messageId);
    if (known) {
      known.times += 1;
    } else {
      const receivedAt = new Date(network.clock.now()).toISOString();
      const view = await describe(content);
      account.inbox.add({
        ...view, messageId, from: from.number, fromDevice, fromMe, times: 1, duplicates: 0, receivedAt, server, ...(to !== undefined && { to }),
      });
    }
    if (fromMe) return;
    receipts.send(account, { to: from, messageId, server }, undefined);
    const view = account.inbox.find(from.number, messageId);
    if (!known && view && fromDevice !== 0) onMessage(account, from, messageId, view, server);
  };

  const askAgain = (account: Account, { from, stanza, server }: SealedMessage) => {
    const id = stanza.attrs['id'] ?? '';
    const key = `${account.number}|${from.account.number}|${id}`;
    const count = (retries.get(key) ?? 0) + 1;
    if (count > MAX_RETRIES) return;
    retries.set(key, count);
    const [registration, ...keys] = bundleNodes(account.endpoint.createBundle());
    if (!registration) return;
    const t = unixSeconds(network.clock);
    const attrs = {
      from: userJid(account.number, server), id, type: 'retry', t,
      recipient: from.account === account ? (stanza.attrs['recipient'] ?? stanza.attrs['to']) : undefined,
    };
    const retry = node('retry', { count: count.toString(), id, t, v: '1' });
    delivery.deliver(from, node('receipt', attrs, [retry, registration, node('keys', {}, keys)]));
  };

  const ignoreDuplicate = (account: Account, { from, stanza, server }: SealedMessage) => {
    const messageId = stanza.attrs['id'] ?? '';
    stats.duplicates += 1;
    const known = account.inbox.find(from.account.number, messageId);
    if (known) known.duplicates += 1;
    if (from.account !== account) receipts.send(account, { to: from.account, messageId, server }, undefined);
  };

  const open = async (account: Account, sealed: SealedMessage) => {
    const { from, stanza, enc, server } = sealed;
    const messageId = stanza.attrs['id'] ?? '';
    const ciphertext = Buffer.from(enc.content as Uint8Array);
    const mark = `${account.number}|${from.account.number}.${from.id}|${ciphertext.subarray(-24).toString('base64')}`;
    if (decrypted.has(mark)) return ignoreDuplicate(account, sealed);
    const isFirst = !retries.has(`${account.number}|${from.account.number}|${messageId}`);
    const broken = isFirst && from.account !== account && faults.take('undecryptable', from.account.number, (fault) => fault.direction === 'from-client');
    let message: proto.Message;
    try {
      if (broken) throw new Error('broken on purpose');
      const peer = { number: from.account.number, device: from.id };
      const plaintext = await account.endpoint.decrypt(peer, enc.attrs['type'] as CipherType, ciphertext);
      message = proto.Message.decode(unpadRandomMax16(plaintext));
    } catch (error) {
      // A client that lost its last steps encrypts a message anew with keys that were used: what is known is not asked for.
      if (account.inbox.find(from.account.number, messageId)) return ignoreDuplicate(account, sealed);
      stats.decryptFailures += 1;
      network.logger.debug({ err: error, number: account.number, messageId }, 'cannot decrypt, asking again');
      askAgain(account, sealed);
      return;
    }
    decrypted.set(mark, true);
    stats.decrypted += 1;
    // Requests of a linked device to its own phone are not messages of a chat.
    if (stanza.attrs['category'] === 'peer') return;
    await file(account, { from: from.account, fromDevice: from.id, messageId, message, server });
  };

  return {
    receiveSealed(account, sealed) {
      void account.enqueue(() => open(account, sealed));
    },
    receivePlain(account, message) {
      void account.enqueue(() => file(account, message));
    },
  };
}
