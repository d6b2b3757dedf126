import type { BinaryNode, proto } from '@whiskeysockets/baileys';
import type { Account } from '../accounts/account.js';
import type { LinkedDevice } from '../accounts/linked-device.js';
import type { SentMessage } from '../accounts/sent-messages.js';
import { unixSeconds } from '../clock.js';
import { userJid, type UserServer } from '../jids.js';
import type { Network } from '../network.js';
import type { Delivery } from './delivery.js';
import { newMessageId, renewalOf, type ReceivePlain } from './outgoing.js';
import type { Sealing } from './sealing.js';
import { messageStanza, stanzaType } from './stanzas.js';

export interface SendOptions {
  messageId?: string | undefined;
  server: UserServer;
}

/** Sends what phones and contacts write to each other. */
export interface Sender {
  /**
   * Writes from an account's device 0 to another account: to each of its linked devices, to its phone, and a
   * `deviceSentMessage` to the writer's own linked devices. Answers once all is on its way or queued.
   */
  send(from: Account, to: Account, message: proto.IMessage, options: SendOptions): Promise<SentMessage>;
  /** Answers a retry receipt: the same message under the same id, in a new session. */
  resend(from: Account, device: LinkedDevice, receipt: BinaryNode): Promise<void>;
}

export function createSender(network: Network, delivery: Delivery, sealing: Sealing, receivePlain: ReceivePlain): Sender {
  const stanzaFor = (from: Account, device: LinkedDevice, sent: SentMessage, enc: BinaryNode) => {
    const isOwn = device.account === from;
    const address = { from: { number: from.number, device: 0 }, recipient: isOwn ? sent.to : undefined, server: sent.server };
    const attrs = { id: sent.messageId, t: unixSeconds(network.clock), type: stanzaType(sent.message), notify: from.name };
    return messageStanza(address, attrs, [enc]);
  };
  const contentFor = (from: Account, device: LinkedDevice, sent: SentMessage): proto.IMessage =>
    device.account === from
      ? { deviceSentMessage: { destinationJid: userJid(sent.to, sent.server), message: sent.message } }
      : sent.message;

  return {
    async send(from, to, message, options) {
      const sent: SentMessage = {
        messageId: options.messageId ?? newMessageId(),
        to: to.number,
        message,
        server: options.server,
        sentAt: new Date(network.clock.now()).toISOString(),
        receipts: [],
      };
      from.sent.add(sent);
      await from.enqueue(async () => {
        const devices = from === to ? [...to.devices.values()] : [...to.devices.values(), ...from.devices.values()];
        for (const device of devices) {
          const enc = await sealing.seal(from, device, contentFor(from, device, sent));
          delivery.deliver(device, stanzaFor(from, device, sent, enc));
        }
      });
      if (from !== to) receivePlain(to, { from, messageId: sent.messageId, message, server: options.server });
      return sent;
    },
    async resend(from, device, receipt) {
      const sent = from.sent.find(receipt.attrs['id'] ?? '');
      if (!sent) return;
      await from.enqueue(async () => {
        const enc = await sealing.seal(from, device, contentFor(from, device, sent), renewalOf(receipt));
        delivery.deliver(device, stanzaFor(from, device, sent, enc));
        network.stats.retriesAnswered += 1;
      });
    },
  };
}
