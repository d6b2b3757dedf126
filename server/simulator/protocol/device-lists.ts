import { Curve, proto, type BinaryNode } from '@whiskeysockets/baileys';
import type { Account } from '../accounts/account.js';
import type { LinkedDevice } from '../accounts/linked-device.js';
import { unixSeconds } from '../clock.js';
import { userJid } from '../jids.js';
import type { Delivery } from '../messages/delivery.js';
import type { Network } from '../network.js';
import { node } from '../nodes.js';

const KEY_INDEX_PREFIX = Buffer.from([6, 2]);

/** Which devices an account has, as others ask for it and are told of changes. */
export interface DeviceLists {
  /** The `devices` answer of a usync query; `asker` will be told when the list changes. */
  describe(account: Account, asker: LinkedDevice | undefined): BinaryNode;
  changed(account: Account, change: 'add' | 'remove', device: LinkedDevice): void;
}

export function createDeviceLists(network: Network, delivery: Delivery): DeviceLists {
  /** Signed lists, until they change: signing is slow. */
  const signed = new WeakMap<Account, Uint8Array>();
  let notices = 0;

  const signedIndexes = (account: Account): Uint8Array => {
    const known = signed.get(account);
    if (known) return known;
    const validIndexes = [0, ...[...account.devices.values()].map((device) => device.keyIndex)];
    const timestamp = Math.floor(network.clock.now() / 1000);
    const details = proto.ADVKeyIndexList.encode({ rawId: 1, timestamp, currentIndex: validIndexes.at(-1), validIndexes }).finish();
    const accountSignature = Curve.sign(account.endpoint.identity.private, Buffer.concat([KEY_INDEX_PREFIX, details]));
    const list = proto.ADVSignedKeyIndexList.encode({ details, accountSignature }).finish();
    signed.set(account, list);
    return list;
  };

  return {
    describe(account, asker) {
      if (asker) account.watchers.add(asker);
      const devices = [node('device', { id: '0' })];
      for (const device of account.devices.values()) {
        devices.push(node('device', { id: device.id.toString(), 'key-index': device.keyIndex.toString() }));
      }
      const content = [node('device-list', {}, devices)];
      if (account.devices.size) content.push(node('key-index-list', { ts: unixSeconds(network.clock) }, signedIndexes(account)));
      return node('devices', {}, content);
    },
    changed(account, change, device) {
      signed.delete(account);
      for (const watcher of new Set([...account.devices.values(), ...account.watchers])) {
        if (!watcher.linked) account.watchers.delete(watcher);
        if (!watcher.linked || watcher === device) continue;
        const id = `devices-${++notices}`;
        const content = (['s.whatsapp.net', 'lid'] as const).map((server) =>
          node('device', { jid: userJid(account.number, server, device.id), 'key-index': device.keyIndex.toString() }),
        );
        const attrs = { from: userJid(account.number, 's.whatsapp.net'), type: 'devices', id, t: unixSeconds(network.clock) };
        delivery.deliver(watcher, node('notification', attrs, [node(change, {}, content)]));
      }
    },
  };
}
