import { getBinaryNodeChild, getBinaryNodeChildren, type BinaryNode } from '@whiskeysockets/baileys';
import type { Group } from '../accounts/groups.js';
import type { LinkedDevice } from '../accounts/linked-device.js';
import { unixSeconds } from '../clock.js';
import { parseUserJid } from '../jids.js';
import type { Network } from '../network.js';
import { node } from '../nodes.js';
import type { Delivery } from './delivery.js';
import type { Reader } from './reader.js';
import { groupAttributes, passedOn } from './stanzas.js';

/** Brings a client's message to every device of the group's members, with the part that was encrypted for it alone. */
export interface GroupRouter {
  route(device: LinkedDevice, stanza: BinaryNode, group: Group): void;
}

export function createGroupRouter(network: Network, delivery: Delivery, reader: Reader): GroupRouter {
  const deliverTo = (target: LinkedDevice, from: LinkedDevice, stanza: BinaryNode, group: Group, encs: BinaryNode[]) => {
    const identity = getBinaryNodeChild(stanza, 'device-identity');
    const content = identity && encs.some((enc) => enc.attrs['type'] === 'pkmsg') ? [...encs, identity] : encs;
    const attrs = {
      ...groupAttributes(group.jid, { number: from.account.number, device: from.id }),
      id: stanza.attrs['id'], t: unixSeconds(network.clock), type: stanza.attrs['type'] ?? 'text', notify: from.account.name,
    };
    delivery.deliver(target, node('message', { ...attrs, ...passedOn(stanza) }, content));
  };

  return {
    route(device, stanza, group) {
      const sealed = sealedParts(stanza);
      const shared = getBinaryNodeChild(stanza, 'enc');
      // A message that is sent again is for one device alone.
      const only = addressOf(stanza.attrs['participant']);
      for (const number of group.members) {
        const account = network.directory.get(number);
        for (const id of [0, ...account.devices.keys()]) {
          const address = `${number}:${id}`;
          if (account === device.account && id === device.id) continue;
          if (only !== undefined && only !== address) continue;
          const encs = [sealed.get(address), shared].filter((enc) => enc !== undefined).filter((enc) => enc.content instanceof Uint8Array);
          if (!encs.length) continue;
          const linked = account.devices.get(id);
          if (linked) deliverTo(linked, device, stanza, group, encs);
          else reader.receiveSealed(account, { from: device, stanza, encs, server: 'lid', group: group.jid });
        }
      }
    },
  };
}

/** The parts for single devices, which carry the sender key. */
function sealedParts(stanza: BinaryNode): Map<string, BinaryNode> {
  const parts = new Map<string, BinaryNode>();
  for (const part of getBinaryNodeChildren(getBinaryNodeChild(stanza, 'participants'), 'to')) {
    const address = addressOf(part.attrs['jid']);
    const enc = getBinaryNodeChild(part, 'enc');
    if (address !== undefined && enc) parts.set(address, enc);
  }
  return parts;
}

function addressOf(jid: string | undefined): string | undefined {
  const address = parseUserJid(jid);
  return address && `${address.number}:${address.device}`;
}
