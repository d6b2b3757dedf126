import { encodeWAMessage, type BinaryNode, type proto } from '@whiskeysockets/baileys';
import type { Account } from '../accounts/account.js';
import type { Group } from '../accounts/groups.js';
import type { LinkedDevice } from '../accounts/linked-device.js';
import type { SentMessage } from '../accounts/sent-messages.js';
import { unixSeconds } from '../clock.js';
import type { Network } from '../network.js';
import { node } from '../nodes.js';
import type { Delivery } from './delivery.js';
import { newMessageId, renewalOf, type ReceivePlain } from './outgoing.js';
import type { Sealing } from './sealing.js';
import { groupAttributes, stanzaType } from './stanzas.js';

/** Sends what members write to their groups. */
export interface GroupSender {
  /**
   * Writes from a member's device 0: one ciphertext for all linked devices of all members, with the sender key for those
   * that have not had it; in plain to the members' own phones. Answers once all is on its way or queued.
   */
  send(from: Account, group: Group, message: proto.IMessage, messageId?: string): Promise<SentMessage>;
  /** Answers a retry receipt: the same message under the same id for this device alone, with the sender key in it. */
  resend(from: Account, group: Group, device: LinkedDevice, receipt: BinaryNode): Promise<void>;
}

export function createGroupSender(network: Network, delivery: Delivery, sealing: Sealing, receivePlain: ReceivePlain): GroupSender {
  /** The devices that were given a writer's sender key, by writer and group. */
  const given = new Map<string, WeakSet<LinkedDevice>>();
  const givenBy = (from: Account, group: Group): WeakSet<LinkedDevice> => {
    const key = `${from.number}|${group.jid}`;
    const devices = given.get(key) ?? new WeakSet();
    given.set(key, devices);
    return devices;
  };

  const stanzaFor = (from: Account, group: Group, sent: SentMessage, content: BinaryNode[]) => {
    const attrs = { id: sent.messageId, t: unixSeconds(network.clock), type: stanzaType(sent.message), notify: from.name };
    return node('message', { ...groupAttributes(group.jid, { number: from.number, device: 0 }), ...attrs }, content);
  };
  const distributionOf = (from: Account, group: Group): proto.IMessage => {
    const axolotlSenderKeyDistributionMessage = from.endpoint.senderKeys.distribution(group.jid);
    return { senderKeyDistributionMessage: { groupId: group.jid, axolotlSenderKeyDistributionMessage } };
  };

  return {
    async send(from, group, message, messageId = newMessageId()) {
      const sentAt = new Date(network.clock.now()).toISOString();
      const sent: SentMessage = { messageId, to: group.jid, message, server: 'lid', sentAt, receipts: [] };
      from.sent.add(sent);
      const members = group.members.map((number) => network.directory.get(number));
      await from.enqueue(async () => {
        // Before the encryption, which moves the key on.
        const distribution = distributionOf(from, group);
        const ciphertext = from.endpoint.senderKeys.encrypt(group.jid, encodeWAMessage(message as proto.Message));
        const enc = node('enc', { v: '2', type: 'skmsg' }, ciphertext);
        const holders = givenBy(from, group);
        for (const device of members.flatMap((member) => [...member.devices.values()])) {
          const content = holders.has(device) ? [enc] : [await sealing.seal(from, device, distribution), enc];
          holders.add(device);
          delivery.deliver(device, stanzaFor(from, group, sent, content));
        }
      });
      for (const member of members) {
        if (member !== from) receivePlain(member, { from, messageId, message, server: 'lid', group: group.jid });
      }
      return sent;
    },
    async resend(from, group, device, receipt) {
      const sent = from.sent.find(receipt.attrs['id'] ?? '');
      if (sent?.to !== group.jid || !group.members.includes(device.account.number)) return;
      await from.enqueue(async () => {
        const message = { ...sent.message, ...distributionOf(from, group) };
        const content = device.account === from ? { deviceSentMessage: { destinationJid: group.jid, message } } : message;
        const enc = await sealing.seal(from, device, content, renewalOf(receipt));
        givenBy(from, group).add(device);
        delivery.deliver(device, stanzaFor(from, group, sent, [enc]));
        network.stats.retriesAnswered += 1;
      });
    },
  };
}
