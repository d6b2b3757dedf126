import { getBinaryNodeChild, getBinaryNodeChildren, type BinaryNode } from '@whiskeysockets/baileys';
import type { Account } from '../accounts/account.js';
import type { LinkedDevice } from '../accounts/linked-device.js';
import { unixSeconds } from '../clock.js';
import { parseUserJid, userJid, type UserServer } from '../jids.js';
import type { Network } from '../network.js';
import { node } from '../nodes.js';
import type { Delivery } from './delivery.js';
import { groupAttributes } from './stanzas.js';

export interface ReceiptTarget {
  /** The account that wrote the message. */
  to: Account;
  messageId: string;
  server: UserServer;
  /** The JID of the group it was written to. */
  group?: string | undefined;
}

/** Sends a message of an account's device 0 again, as this retry receipt asks. */
export type Resend = (from: Account, device: LinkedDevice, receipt: BinaryNode) => Promise<void>;

/** Receipts in both directions. */
export interface Receipts {
  /** A receipt of a phone or contact: nothing for delivered, or read, played. Every device of the writer gets it. */
  send(from: Account, target: ReceiptTarget, type: 'read' | 'played' | undefined): void;
  /** A receipt that a client sent: acknowledged, taken off its queue, and passed on to the writer of the message. */
  receive(device: LinkedDevice, receipt: BinaryNode): void;
}

export function createReceipts(network: Network, delivery: Delivery, resend: Resend): Receipts {
  /** Who sent a receipt, as it stands in its stanza: in a group beside the group. */
  const names = (number: string, device: number, server: UserServer, group: string | undefined) =>
    group === undefined ? { from: userJid(number, server, device) } : groupAttributes(group, { number, device });
  /** The JID of the device that wrote the message that a receipt is about. */
  const writerOf = ({ attrs }: BinaryNode) => parseUserJid(network.groups.find(attrs['to']) ? attrs['participant'] : attrs['to']);
  const groupOf = ({ attrs }: BinaryNode) => network.groups.find(attrs['to'])?.jid;

  const forward = (device: LinkedDevice, receipt: BinaryNode, ids: string[], type: string | undefined) => {
    const writer = writerOf(receipt);
    if (!writer) return;
    const to = network.directory.get(writer.number);
    const at = new Date(network.clock.now()).toISOString();
    const { number } = device.account;
    const attrs = { ...names(number, device.id, writer.server, groupOf(receipt)), type, t: unixSeconds(network.clock) };
    for (const id of ids) {
      to.sent.find(id)?.receipts.push({ type: type ?? 'delivered', from: number, device: device.id, at });
      if (to === device.account) continue;
      for (const target of to.devices.values()) {
        delivery.deliver(target, node('receipt', { ...attrs, id }));
      }
    }
  };

  const retry = (device: LinkedDevice, receipt: BinaryNode) => {
    const writer = writerOf(receipt);
    if (!writer) return;
    const account = network.directory.get(writer.number);
    const id = receipt.attrs['id'] ?? '';
    if (writer.device === 0) {
      const at = new Date(network.clock.now()).toISOString();
      account.sent.find(id)?.receipts.push({ type: 'retry', from: device.account.number, device: device.id, at });
      void resend(account, device, receipt);
      return;
    }
    const target = account.devices.get(writer.device);
    const from = names(device.account.number, device.id, writer.server, groupOf(receipt));
    const attrs = { ...from, id, type: 'retry', t: unixSeconds(network.clock), recipient: receipt.attrs['recipient'] };
    if (target) delivery.deliver(target, node('receipt', attrs, receipt.content));
  };

  return {
    send(from, { to, messageId, server, group }, type) {
      const sent = to.sent.find(messageId);
      sent?.receipts.push({ type: type ?? 'delivered', from: from.number, device: 0, at: new Date(network.clock.now()).toISOString() });
      for (const device of to.devices.values()) {
        const attrs = { ...names(from.number, 0, server, group), id: messageId, type, t: unixSeconds(network.clock) };
        delivery.deliver(device, node('receipt', attrs));
      }
    },
    receive(device, receipt) {
      network.stats.receiptsFromClients += 1;
      const { id, to, type, recipient, participant } = receipt.attrs;
      const own = userJid(device.account.number, 's.whatsapp.net');
      device.connection?.send(node('ack', { class: 'receipt', id, from: to ?? own, type, participant }));
      if (!id) return;

      const list = getBinaryNodeChild(receipt, 'list');
      const ids = [id, ...getBinaryNodeChildren(list, 'item').map((item) => item.attrs['id'] ?? '')];
      const isDirect = groupOf(receipt) === undefined;
      const chat = isDirect && (type === 'sender' || recipient !== undefined) ? own : to;
      for (const each of ids) delivery.settle(device, 'message', { from: chat, participant, id: each });

      if (type === 'hist_sync' && id === device.bootstrapId) device.bootstrapped = true;
      if (type === 'retry') retry(device, receipt);
      else if (type === undefined || type === 'inactive' || type === 'read' || type === 'played') forward(device, receipt, ids, type);
    },
  };
}
