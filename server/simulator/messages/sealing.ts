import { encodeWAMessage, type BinaryNode, type proto } from '@whiskeysockets/baileys';
import type { Account } from '../accounts/account.js';
import { takeBundle, type LinkedDevice } from '../accounts/linked-device.js';
import type { Network } from '../network.js';
import { node, SERVER } from '../nodes.js';
import type { PreKeyBundle } from '../signal/keys.js';
import type { Delivery } from './delivery.js';

/** Under so many pre-keys the server tells the client to upload more. */
const LOW_PRE_KEYS = 5;

/** Encrypts what phones and contacts send, and hands out the keys of linked devices. */
export interface Sealing {
  /**
   * Encrypts a message of an account's device 0 for a linked device, starting a session if there is none.
   * @param renew starts a new session, with this bundle if one is given
   */
  seal(from: Account, to: LinkedDevice, message: proto.IMessage, renew?: { bundle?: PreKeyBundle | undefined; count: number }): Promise<BinaryNode>;
  /** A bundle of a linked device; tells its client when its pre-keys run low. */
  bundleOf(device: LinkedDevice): PreKeyBundle;
}

export function createSealing(network: Network, delivery: Delivery): Sealing {
  let notices = 0;

  const bundleOf = (device: LinkedDevice) => {
    const bundle = takeBundle(device);
    if (bundle.preKey) network.stats.preKeysHandedOut += 1;
    if (device.preKeys.length < LOW_PRE_KEYS && !device.toldLow) {
      device.toldLow = true;
      const attrs = { from: SERVER, type: 'encrypt', id: `prekeys-${++notices}`, t: Math.floor(network.clock.now() / 1000).toString() };
      delivery.deliver(device, node('notification', attrs, [node('count', { value: device.preKeys.length.toString() })]));
    }
    return bundle;
  };

  return {
    bundleOf,
    async seal(from, to, message, renew) {
      const peer = { number: to.account.number, device: to.id };
      if (renew || !from.endpoint.hasSession(peer)) {
        await from.endpoint.startSession(peer, renew?.bundle ?? bundleOf(to));
      }
      const { type, ciphertext } = await from.endpoint.encrypt(peer, encodeWAMessage(message as proto.Message));
      return node('enc', { v: '2', type, count: renew?.count.toString() }, ciphertext);
    },
  };
}
