import { createHash } from 'node:crypto';
import { getBinaryNodeChild, getBinaryNodeChildren, type BinaryNode } from '@whiskeysockets/baileys';
import type { LinkedDevice } from '../../accounts/linked-device.js';
import { isOnWhatsApp, parseUserJid } from '../../jids.js';
import type { Sealing } from '../../messages/sealing.js';
import type { Network } from '../../network.js';
import { iqResult, node } from '../../nodes.js';
import { bundleNodes, readPreKeys, readSignedPreKey, uint } from '../../signal/keys.js';
import type { IqHandler } from './types.js';

/**
 * `encrypt`: the client's own pre-keys (count, upload, rotation, digest), and the bundles of others.
 * @param reportAtLeast the least count told to a client: 0 makes a new one upload 812 pre-keys, 1 makes it upload 5
 */
export function createKeysHandler(network: Network, sealing: Sealing, reportAtLeast: number): IqHandler {
  const bundleFor = (jid: string): BinaryNode => {
    const address = parseUserJid(jid);
    const account = address && isOnWhatsApp(address.number) ? network.directory.get(address.number) : undefined;
    const linked = address && account?.devices.get(address.device);
    if (linked) return node('user', { jid }, bundleNodes(sealing.bundleOf(linked)));
    if (account && address?.device === 0) return node('user', { jid }, bundleNodes(account.endpoint.createBundle()));
    return node('user', { jid }, [node('error', { code: '404', text: 'item-not-found' })]);
  };

  return (device, request) => {
    const wanted = getBinaryNodeChild(request, 'key');
    if (wanted) {
      const users = getBinaryNodeChildren(wanted, 'user').map((user) => bundleFor(user.attrs['jid'] ?? ''));
      return iqResult(request, [node('list', {}, users)]);
    }
    if (getBinaryNodeChild(request, 'count')) {
      return iqResult(request, [node('count', { value: Math.max(device.preKeys.length, reportAtLeast).toString() })]);
    }
    if (getBinaryNodeChild(request, 'digest')) return iqResult(request, [digest(device)]);
    const signed = readSignedPreKey(getBinaryNodeChild(getBinaryNodeChild(request, 'rotate') ?? request, 'skey'));
    if (signed) device.signedPreKey = signed;
    device.preKeys.push(...readPreKeys(getBinaryNodeChild(request, 'list')));
    device.toldLow = false;
    return iqResult(request);
  };
}

function digest(device: LinkedDevice): BinaryNode {
  const hash = createHash('sha1').update(device.identityKey).update(device.signedPreKey.publicKey).update(device.signedPreKey.signature);
  for (const key of device.preKeys) hash.update(key.publicKey);
  return node('digest', {}, [
    node('registration', {}, uint(device.registrationId, 4)),
    node('type', {}, Buffer.from([5])),
    node('identity', {}, device.identityKey),
    node('skey', {}, [
      node('id', {}, uint(device.signedPreKey.keyId, 3)),
      node('value', {}, device.signedPreKey.publicKey),
      node('signature', {}, device.signedPreKey.signature),
    ]),
    node('list', {}, device.preKeys.map((key) => node('id', {}, uint(key.keyId, 3)))),
    node('hash', {}, hash.digest()),
  ]);
}
