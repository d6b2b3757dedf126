import type { BinaryNode, proto } from '@whiskeysockets/baileys';
import { LRUCache } from 'lru-cache';
import type { Account } from '../accounts/account.js';
import type { MessageView } from '../accounts/inbox.js';
import type { LinkedDevice } from '../accounts/linked-device.js';
import { unixSeconds } from '../clock.js';
import { parseUserJid, userJid, type UserServer } from '../jids.js';
import type { Network } from '../network.js';
import { node } from '../nodes.js';
import { bundleNodes } from '../signal/keys.js';
import { decryptPart } from './decryption.js';
import type { Delivery } from './delivery.js';
import type { Receipts } from './receipts.js';
import { groupAttributes } from './stanzas.js';

/** A client stops sending a message again after five attempts. */
const MAX_RETRIES = 5;

export interface SealedMessage {
  from: LinkedDevice;
  /** The client's stanza, for its id and recipient. */
  stanza: BinaryNode;
  /** The parts for this account. The last is the message; before it a group's sender key may come. */
  encs: BinaryNode[];
  server: UserServer;
  /** The JID of the group it was written to. */
  group?: string;
}

export interface PlainMessage {
  from: Account;
  fromDevice?: number;
  messageId: string;
  message: proto.IMessage;
  server: UserServer;
  /** The JID of the group it was written to. */
  group?: string;
}

export interface ReaderDeps {
  network: Network;
  delivery: Delivery;
  receipts: Receipts;
  /** Puts a message in the words of the control API; downloads and decrypts media. */
  describe(message: proto.IMessage): Promise<MessageView>;
  /** Called for each new message of a linked device to this account alone, after its receipt. */
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

  const file = async (account: Account, { from, fromDevice = 0, messageId, message, server, group }: PlainMessage) => {
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
        ...view, messageId, from: from.number, fromDevice, fromMe, times: 1, duplicates: 0, receivedAt, server,
        ...(to !== undefined && { to }), ...(group !== undefined && { group }),
      });
    }
    if (fromMe) return;
    receipts.send(account, { to: from, messageId, server, group }, undefined);
    const view = account.inbox.find(from.number, messageId);
    if (!known && view && fromDevice !== 0 && group === undefined) onMessage(account, from, messageId, view, server);
  };

  const askAgain = (account: Account, { from, stanza, server, group }: SealedMessage) => {
    const id = stanza.attrs['id'] ?? '';
    const key = `${account.number}|${from.account.number}|${id}`;
    const count = (retries.get(key) ?? 0) + 1;
    if (count > MAX_RETRIES) return;
    retries.set(key, count);
    const [registration, ...keys] = bundleNodes(account.endpoint.createBundle());
    if (!registration) return;
    const t = unixSeconds(network.clock);
    const chat = from.account === account ? (stanza.attrs['recipient'] ?? stanza.attrs['to']) : undefined;
    const names = group === undefined ? { from: userJid(account.number, server), recipient: chat } : groupAttributes(group, { number: account.number, device: 0 });
    const attrs = { ...names, id, type: 'retry', t };
    const retry = node('retry', { count: count.toString(), id, t, v: '1' });
    delivery.deliver(from, node('receipt', attrs, [retry, registration, node('keys', {}, keys)]));
  };

  const ignoreDuplicate = (account: Account, { from, stanza, server, group }: SealedMessage) => {
    const messageId = stanza.attrs['id'] ?? '';
    stats.duplicates += 1;
    const known = account.inbox.find(from.account.number, messageId);
    if (known) known.duplicates += 1;
    if (from.account !== account) receipts.send(account, { to: from.account, messageId, server, group }, undefined);
  };

  const logFailure = (error: unknown, account: Account, messageId: string) =>
    network.logger.debug({ err: error, number: account.number, messageId }, 'cannot decrypt');

  const open = async (account: Account, sealed: SealedMessage) => {
    const { from, stanza, encs, server, group } = sealed;
    const messageId = stanza.attrs['id'] ?? '';
    const enc = encs.at(-1);
    if (!enc) return;
    for (const part of encs.slice(0, -1)) {
      // Without its sender key the message itself fails, and is asked for again.
      await decryptPart(account, sealed, part).catch((error: unknown) => logFailure(error, account, messageId));
    }
    const tail = Buffer.from(enc.content as Uint8Array).subarray(-24).toString('base64');
    const mark = `${account.number}|${from.account.number}.${from.id}|${tail}`;
    if (decrypted.has(mark)) return ignoreDuplicate(account, sealed);
    const isFirst = !retries.has(`${account.number}|${from.account.number}|${messageId}`);
    const broken = isFirst && from.account !== account && faults.take('undecryptable', from.account.number, (fault) => fault.direction === 'from-client');
    let message: proto.Message;
    try {
      if (broken) throw new Error('broken on purpose');
      message = await decryptPart(account, sealed, enc);
    } catch (error) {
      // A client that lost its last steps encrypts a message anew with keys that were used: what is known is not asked for.
      if (account.inbox.find(from.account.number, messageId)) return ignoreDuplicate(account, sealed);
      stats.decryptFailures += 1;
      logFailure(error, account, messageId);
      askAgain(account, sealed);
      return;
    }
    decrypted.set(mark, true);
    stats.decrypted += 1;
    // Requests of a linked device to its own phone are not messages of a chat.
    if (stanza.attrs['category'] === 'peer') return;
    await file(account, { from: from.account, fromDevice: from.id, messageId, message, server, ...(group !== undefined && { group }) });
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
