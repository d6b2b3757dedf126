import { getBinaryNodeChild, getBinaryNodeChildren, type BinaryNode } from '@whiskeysockets/baileys';
import type { Account } from '../accounts/account.js';
import type { LinkedDevice } from '../accounts/linked-device.js';
import { unixSeconds } from '../clock.js';
import { parseUserJid, userJid, type UserServer } from '../jids.js';
import type { Network } from '../network.js';
import { node } from '../nodes.js';
import type { Delivery } from './delivery.js';
import type { Sender } from './sender.js';

export interface ReceiptTarget {
  /** The account that wrote the message. */
  to: Account;
  messageId: string;
  server: UserServer;
}

/** Receipts in both directions. */
export interface Receipts {
  /** A receipt of a phone or contact: nothing for delivered, or read, played. Every device of the writer gets it. */
  send(from: Account, target: ReceiptTarget, type: 'read' | 'played' | undefined): void;
  /** A receipt that a client sent: acknowledged, taken off its queue, and passed on to the writer of the message. */
  receive(device: LinkedDevice, receipt: BinaryNode): void;
}

export function createReceipts(network: Network, delivery: Delivery, sender: () => Sender): Receipts {
  const forward = (device: LinkedDevice, receipt: BinaryNode, ids: string[], type: string | undefined) => {
    const writer = parseUserJid(receipt.attrs['to']);
    if (!writer) return;
    const to = network.directory.get(writer.number);
    const at = new Date(network.clock.now()).toISOString();
    const from = userJid(device.account.number, writer.server, device.id);
    for (const id of ids) {
      to.sent.find(id)?.receipts.push({ type: type ?? 'delivered', device: device.id, at });
      if (to === device.account) continue;
      for (const target of to.devices.values()) {
        delivery.deliver(target, node('receipt', { from, id, type, t: unixSeconds(network.clock) }));
      }
    }
  };

  const retry = (device: LinkedDevice, receipt: BinaryNode) => {
    const writer = parseUserJid(receipt.attrs['to']);
    if (!writer) return;
    const account = network.directory.get(writer.number);
    const id = receipt.attrs['id'] ?? '';
    if (writer.device === 0) {
      account.sent.find(id)?.receipts.push({ type: 'retry', device: device.id, at: new Date(network.clock.now()).toISOString() });
      void sender().resend(account, device, receipt);
      return;
    }
    const target = account.devices.get(writer.device);
    const from = userJid(device.account.number, writer.server, device.id);
    const attrs = { from, id, type: 'retry', t: unixSeconds(network.clock), recipient: receipt.attrs['recipient'] };
    if (target) delivery.deliver(target, node('receipt', attrs, receipt.content));
  };

  return {
    send(from, { to, messageId, server }, type) {
      const sent = to.sent.find(messageId);
      sent?.receipts.push({ type: type ?? 'delivered', device: 0, at: new Date(network.clock.now()).toISOString() });
      for (const device of to.devices.values()) {
        const attrs = { from: userJid(from.number, server), id: messageId, type, t: unixSeconds(network.clock) };
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
      const writer = type === 'sender' || recipient !== undefined ? own : to;
      for (const each of ids) delivery.settle(device, 'message', writer, each);

      if (type === 'hist_sync' && id === device.bootstrapId) device.bootstrapped = true;
      if (type === 'retry') retry(device, receipt);
      else if (type === undefined || type === 'inactive' || type === 'read' || type === 'played') forward(device, receipt, ids, type);
    },
  };
}
